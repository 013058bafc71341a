"""What the command line prints: tables that read well on 80 to 100 columns."""

from __future__ import annotations

import json
import math
import os
import sys
from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, TypeVar

from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from scenarios.cli_words import word
from scenarios.compare import Comparison, KpiRow, KpiSummary
from scenarios.document import Scenario
from scenarios.schema import StoredRun
from scenarios.verify import GapRow
from sim.kernel.system import Label

if TYPE_CHECKING:
    from scenarios.works_text import TextTable

PIPED_WIDTH = 100
"""Columns when the output goes to a file or another program."""
MANY = 12
"""Of a figure with more entities than this only the worst value is shown, unless all are wanted."""
MISSING = "-"

Row = TypeVar("Row", KpiSummary, KpiRow)


class Output:
    """Prints in one language.

    Parameters
    ----------
    language
        ``"en"`` or ``"zh"``.
    labels
        Names of KPIs by the systems.
    """

    def __init__(self, language: str, labels: Mapping[str, Label] | None = None) -> None:
        self.language = language
        self._labels = labels or {}
        fixed = not sys.stdout.isatty() and "COLUMNS" not in os.environ
        self.console = Console(width=PIPED_WIDTH if fixed else None, highlight=False)

    def say(self, text: str) -> None:
        """Print a line as it is."""
        self.console.print(Text(text))

    def text_table(self, table: TextTable) -> None:
        """Print a table of text."""
        shown = Table(box=box.SIMPLE_HEAD, pad_edge=False, padding=(0, 1))
        for head, numeric in zip(table.heads, table.numeric, strict=True):
            shown.add_column(head, justify="right" if numeric else "left", overflow="fold")
        for row in table.rows:
            shown.add_row(*map(Text, row))
        self.console.print(shown)

    def word(self, key: str) -> str:
        """Return a word of the command line."""
        return word(key, self.language)

    def label(self, name: str) -> str:
        """Return what a KPI is called."""
        label = self._labels.get(name)
        if label is None:
            return name
        return label.zh if self.language == "zh" else label.en

    # --- scenarios -------------------------------------------------------------------------

    def scenarios(self, titles: Mapping[str, Mapping[str, str]]) -> None:
        """Print the library."""
        table = self._table("name", "title")
        for name, title in titles.items():
            table.add_row(Text(name), Text(title.get(self.language, "")))
        self.console.print(table)

    def scenario(self, scenario: Scenario) -> None:
        """Print a scenario: what it is, then every parameter and which file set it."""
        self.console.print(Text(scenario.title[self.language], style="bold"))
        if scenario.description:
            self.say(" ".join(scenario.description[self.language].split()))
        table = self._table("parameter", "value", "set_by")
        for path, value in scenario.parameters().items():
            source = scenario.source_of(path)
            shown = self.word("default") if source is None else Path(source).name
            table.add_row(Text(path), Text(value_text(value)), Text(shown))
        self.console.print(table)

    def differences(self, rows: Sequence[tuple[str, Any, Any]]) -> None:
        """Print the parameters that differ, and only those."""
        if not rows:
            self.say(self.word("no_difference"))
            return
        table = self._table("parameter", "A", "B")
        for path, a, b in rows:
            table.add_row(Text(path), Text(value_text(a)), Text(value_text(b)))
        self.console.print(table)

    # --- runs ------------------------------------------------------------------------------

    def runs(self, runs: Sequence[StoredRun]) -> None:
        """Print runs, a line each; a failed one says at what and why."""
        if not runs:
            self.say(self.word("no_runs"))
            return
        heads = ("run", "scenario", "replication", "status", "created", "seconds", "note")
        table = self._table(*heads, right=("replication", "seconds"))
        for run in runs:
            note = run.engine
            if run.status == "failed":
                note = f"{run.stage}: {run.reason}"
            elif run.status == "running":
                note = f"{run.progress:.0%}"
            created = datetime.fromisoformat(run.created_at).astimezone()
            table.add_row(
                Text(run.id), Text(run.scenario), str(run.replication),
                Text(self.word(run.status), style=_STYLES.get(run.status, "")),
                f"{created:%m-%d %H:%M}", "" if run.seconds is None else f"{run.seconds:.1f}",
                Text(note),
            )  # fmt: skip
        self.console.print(table)

    def summary(
        self, runs: Sequence[StoredRun], rows: Sequence[KpiSummary], *, every: bool = False
    ) -> None:
        """Print the KPIs of finished runs of one scenario."""
        done = [run for run in runs if run.status == "done"]
        if done:
            error = max(run.ledger_error or 0.0 for run in done)
            self.say(
                f"{done[0].scenario}: {self.word('hash')} {done[0].hash[:12]}, "
                f"{self.word('code')} {done[0].code_version}{'*' if done[0].code_dirty else ''}, "
                f"{self.word('ledger')} {100 * error:.1e} %"
            )
        table = self._table("figure", "of", "value", "limit", "unit", "status",
                            right=("value", "limit"))  # fmt: skip
        for group in _groups(rows, every):
            top = max(group, key=lambda row: _rank(row.value, row.status))
            table.add_row(
                Text(self.label(top.name)), Text(self._entity(top.entity, len(group))),
                with_interval(top.value, top.half_width), number(top.limit), top.unit,
                self._statuses([row.status for row in group]),
            )  # fmt: skip
        if rows:
            self.console.print(table)
        if any(row.half_width is not None for row in rows):
            self.say(self.word("interval"))

    def comparison(self, found: Comparison, a: str, b: str, *, every: bool = False) -> None:
        """Print what differs between two scenarios and what that does."""
        self.say(f"A  {a}\nB  {b}")
        self.differences(found.parameters)
        table = self._table("figure", "of", "A", "B", "difference", "limit", "unit",
                            right=("A", "B", "difference", "limit"))  # fmt: skip
        for group in _groups(found.rows, every):
            row = max(
                group,
                key=lambda row: max(_rank(row.a, row.status_a), _rank(row.b, row.status_b)),
            )
            difference = row.difference
            table.add_row(
                Text(self.label(row.name)), Text(self._entity(row.entity, len(group))),
                self._side(row.a, row.status_a), self._side(row.b, row.status_b),
                with_interval(difference.mean, difference.half_width, signed=True)
                if difference else MISSING,
                number(row.limit), row.unit,
            )  # fmt: skip
        self.console.print(table)
        if any(row.difference and row.difference.half_width is not None for row in found.rows):
            self.say(self.word("interval"))
        if found.code_differs:
            self.say(self.word("other_code"))

    def gaps(self, rows: Sequence[GapRow]) -> None:
        """Print how far a run is from SWMM."""
        table = self._table("figure", "run", "reference", "gap", "allowed", "verdict",
                            right=("run", "reference", "gap"))  # fmt: skip
        for row in rows:
            name = f"{self.word(row.name)}{f', {row.unit}' if row.unit else ''}"
            verdict = Text(self.word("yes")) if row.ok else Text(self.word("no"), style="bold red")
            gap = MISSING if row.gap is None else f"{row.gap:.4g} {row.gap_unit}".strip()
            table.add_row(
                Text(name), number(row.run), number(row.reference), gap, Text(row.allowed),
                verdict,
            )  # fmt: skip
        self.console.print(table)

    # --- inside ----------------------------------------------------------------------------

    def _table(self, *heads: str, right: Sequence[str] = ()) -> Table:
        table = Table(box=box.SIMPLE_HEAD, pad_edge=False, padding=(0, 1))
        for head in heads:
            justify: Literal["right", "left"] = "right" if head in right else "left"
            table.add_column(self.word(head), justify=justify, overflow="fold")
        return table

    def _status(self, status: str) -> Text:
        parts = [part.partition(" ") for part in status.split(", ")]
        words = [f"{n} {self.word(rest)}" if rest else self.word(n) for n, _, rest in parts]
        return Text(", ".join(words), style=_STYLES.get(status, ""))

    def _statuses(self, statuses: Sequence[str]) -> Text:
        """Return the status of all, or how many have which."""
        counts = Counter(statuses)
        if len(counts) == 1:
            return self._status(statuses[0])
        return self._status(", ".join(f"{n} {status}" for status, n in counts.most_common()))

    def _side(self, value: float | None, status: str) -> Text:
        if value is None:
            return self._status(status)
        return Text(number(value), style="" if status == "ok" else _STYLES.get(status, ""))

    def _entity(self, entity: str, count: int) -> str:
        return entity if count == 1 else f"{entity} ({self.word('more').format(count=count)})"


_STYLES = {
    "failed": "bold red", "cancelled": "yellow", "running": "cyan", "over_limit": "red",
    "not_drained": "bold red", "raining": "yellow",
}  # fmt: skip


def _groups(rows: Sequence[Row], every: bool) -> list[list[Row]]:
    """Return rows one by one, but those of a figure with many entities together."""
    by_name: dict[str, list[Row]] = {}
    for row in rows:
        by_name.setdefault(row.name, []).append(row)
    groups = []
    for group in by_name.values():
        groups += [[row] for row in group] if every or len(group) <= MANY else [group]
    return groups


def _rank(value: float | None, status: str) -> float:
    """Return how far up a figure belongs: what never drained is worse than any number."""
    if value is not None:
        return value
    return math.inf if "not_drained" in status else -math.inf


def value_text(value: Any) -> str:
    """Return a parameter's value as it is written in a document; none as a dash.

    Paths below the current folder are shown relative to it.
    """
    if value is None:
        return MISSING
    if not isinstance(value, str):
        return json.dumps(value, ensure_ascii=False)
    path, here = Path(value), Path.cwd()
    return str(path.relative_to(here)) if path.is_relative_to(here) else value


def number(value: float | None) -> str:
    """Return a number with the digits a reader needs; none as a dash."""
    if value is None:
        return MISSING
    size = abs(value)
    if value.is_integer() and size < 1e9:
        return f"{value:,.0f}"
    if size >= 1e9 or size < 0.001:
        return f"{value:.3g}"
    digits = 0 if size >= 1000 else 1 if size >= 100 else 2 if size >= 1 else 3
    return f"{value:,.{digits}f}"


def with_interval(value: float | None, half_width: float | None, *, signed: bool = False) -> str:
    """Return a number with its interval, as ``1.20 ± 0.10``."""
    text = number(value)
    if signed and value is not None and value > 0:
        text = f"+{text}"
    return text if half_width is None else f"{text} ± {number(half_width)}"
