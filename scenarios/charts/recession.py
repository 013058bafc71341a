"""The recession table: hours after the end of rain, per zone, beside the allowed limit."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

import pandas as pd

from scenarios.charts.palette import RUN_COLOURS, RUN_LETTERS
from scenarios.charts.run_view import RunView, zone_name
from scenarios.locale import Texts
from sim.drainage.kpis import EVERYWHERE
from sim.kernel.system import Kpi

#: The three definitions of a recession time, by KPI name, in the order they are shown.
MEASURES: tuple[str, ...] = (
    "recession_last_point_h",
    "recession_volume_h",
    "recession_mean_h",
)

MOST_ROWS = 12

#: A shape per status, so that colour is never the only difference.
MARKS: dict[str, str] = {"ok": "✓", "over_limit": "▲", "not_drained": "■", "dry": "○"}
MARKS |= {"raining": "…", "none": "", "no_limit": ""}


@dataclass(frozen=True)
class Recession:
    """One recession time: `hours` (none unless it was reached) and its status.

    ``status`` is ``ok``, ``over_limit``, ``no_limit`` (there is none to keep), ``not_drained`` (by
    the end of the run), ``raining`` (at the end of the run, so that there is nothing to count
    from), ``dry`` (the zone never stood in water) or ``none`` (no such figure).
    """

    hours: float | None
    status: str

    def words(self, texts: Texts) -> str:
        """The figure as a reader sees it: hours to a tenth, or the status in words."""
        if self.hours is None or self.status in ("not_drained", "raining", "dry", "none"):
            return texts(f"status.{self.status}")
        return f"{self.hours:.1f}"


NO_FIGURE = Recession(None, "none")


@dataclass(frozen=True)
class RecessionRow:
    """One zone: its limit and, per measure, one `Recession` per run."""

    zone: str
    name: str
    kind: str
    limit_h: float | None
    figures: dict[str, tuple[Recession, ...]]


def recession_rows(views: Sequence[RunView], texts: Texts) -> list[RecessionRow]:
    """One row per zone that any run reports, in the network's order of zones.

    Parameters
    ----------
    views
        The runs, in the order of the columns.
    texts
        The language of the zones' names.
    """
    zones = {zone.id: zone for view in views for zone in view.zones}
    tables = {name: [view.kpis_of(name) for view in views] for name in MEASURES}
    reported = {entity: None for runs in tables.values() for run in runs for entity in run}
    order = [z for z in zones if z in reported] + [z for z in reported if z and z not in zones]
    rows = []
    for zone_id in order:
        zone = zones.get(zone_id)
        limits = [
            kpi.limit
            for runs in tables.values()
            for run in runs
            if (kpi := run.get(zone_id)) is not None and kpi.limit is not None
        ]
        figures = {
            name: tuple(_recession(kpi) if (kpi := run.get(zone_id)) else NO_FIGURE for run in runs)
            for name, runs in tables.items()
        }
        rows.append(
            RecessionRow(
                zone=zone_id,
                name=zone_name(zone, texts) if zone else _unnamed(zone_id, texts),
                kind=texts(f"zone_kind.{zone.kind}") if zone else "",
                limit_h=limits[0] if limits else None,
                figures=figures,
            )
        )
    return rows


def _unnamed(zone_id: str, texts: Texts) -> str:
    return texts("recession.everywhere") if zone_id == EVERYWHERE else zone_id


def _recession(kpi: Kpi) -> Recession:
    without_limit = kpi.status == "ok" and kpi.limit is None
    return Recession(kpi.value, "no_limit" if without_limit else kpi.status)


def slowest(rows: Sequence[RecessionRow], measure: str, run: int) -> Recession:
    """The slowest zone of a run: not drained beats every number, dry is below all.

    In a run that ends in rain there is no number to beat.
    """
    figures = [row.figures[measure][run] for row in rows]
    if any(figure.status == "not_drained" for figure in figures):
        return Recession(None, "not_drained")
    if any(figure.status == "raining" for figure in figures):
        return Recession(None, "raining")
    reached = [figure for figure in figures if figure.hours is not None and figure.status != "dry"]
    if reached:
        return max(reached, key=lambda figure: figure.hours or 0.0)
    return Recession(None, "dry") if any(f.status == "dry" for f in figures) else NO_FIGURE


def slowest_rows(
    rows: Sequence[RecessionRow], most: int = MOST_ROWS
) -> tuple[list[RecessionRow], int]:
    """The rows worth reading first, and how many were left out.

    A table of at most `most` rows stays as it is. Of a longer one, zones that break their limit in
    any run are kept, slowest in the first run first, at least five and at most `most`.
    """
    if len(rows) <= most:
        return list(rows), 0
    ranked = sorted(rows, key=_slowness, reverse=True)
    late = sum(_is_late(row) for row in rows)
    kept = ranked[: min(max(late, 5), most)]
    return kept, len(rows) - len(kept)


def _slowness(row: RecessionRow) -> tuple[bool, tuple[float, ...]]:
    hours = [
        math.inf if f.status == "not_drained" else -1.0 if f.hours is None else f.hours
        for f in row.figures[MEASURES[0]]
    ]
    return _is_late(row), tuple(hours)


def _is_late(row: RecessionRow) -> bool:
    return any(f.status in ("over_limit", "not_drained") for f in row.figures[MEASURES[0]])


def rest_text(rows: Sequence[RecessionRow], shown: Sequence[RecessionRow], texts: Texts) -> str:
    """What a shortened table leaves out, in words; ``""`` if nothing."""
    left = [row for row in rows if row not in shown]
    if not left:
        return ""
    key = "recession.rest" if any(_is_late(row) for row in left) else "recession.rest_fine"
    return texts(key, count=len(left))


def zones_within_limit(rows: Sequence[RecessionRow], run: int) -> tuple[int, int]:
    """How many zones of a run keep their limit by the last point, and how many have one."""
    limited = [
        row
        for row in rows
        if row.limit_h is not None and row.figures[MEASURES[0]][run].status != "none"
    ]
    kept = [r for r in limited if r.figures[MEASURES[0]][run].status in ("ok", "dry")]
    return len(kept), len(limited)


def recession_frame(rows: Sequence[RecessionRow], runs: Sequence[str]) -> pd.DataFrame:
    """The table for export: one line per zone, measure and run; hours empty unless reached."""
    return pd.DataFrame(
        [
            {
                "zone": row.zone,
                "zone_name": row.name,
                "limit_h": row.limit_h,
                "measure": measure,
                "run": runs[i],
                "hours": figure.hours,
                "status": figure.status,
            }
            for row in rows
            for measure, figures in row.figures.items()
            for i, figure in enumerate(figures)
        ],
        columns=["zone", "zone_name", "limit_h", "measure", "run", "hours", "status"],
    )


def recession_html(
    rows: Sequence[RecessionRow], names: Sequence[str], texts: Texts, cm: str = "15"
) -> str:
    """The table as HTML. Needs `tables.STYLE`.

    Parameters
    ----------
    names
        Titles of the runs.
    cm
        The waterlogging depth in cm, from `waterlogged_cm`.
    """
    if not rows:
        return f'<p class="cc-empty">{escape(texts("recession.empty"))}</p>'
    count = len(names)
    head = "".join(
        f'<th colspan="{count}" class="cc-group">{escape(texts(f"measure.{name}", cm=cm))}</th>'
        for name in MEASURES
    )
    letters = "".join(
        f'<th class="cc-num{" cc-first" if i == 0 else ""}" title="{escape(names[i])}">'
        f"{run_badge(i)}</th>"
        for _ in MEASURES
        for i in range(count)
    )
    body = "".join(_row_html(row, texts) for row in rows)
    shown = {figure.status for row in rows for runs in row.figures.values() for figure in runs}
    legend = "".join(
        f'<span class="cc-key">{mark_html(status)} {escape(texts(f"status.{status}"))}</span>'
        for status in ("ok", "over_limit", "not_drained", "raining", "dry")
        if status != "raining" or status in shown
    )
    return (
        '<table class="cc-table cc-recession"><thead>'
        f'<tr><th rowspan="2">{escape(texts("recession.zone"))}</th>'
        f'<th rowspan="2" class="cc-num">{escape(texts("recession.limit"))}</th>{head}</tr>'
        f"<tr>{letters}</tr></thead><tbody>{body}</tbody></table>"
        f'<p class="cc-legend">{legend}'
        f'<span class="cc-key">{escape(texts("recession.unit"))}</span></p>'
    )


def run_badge(index: int) -> str:
    """The letter of a run in its colour."""
    colour, letter = RUN_COLOURS[index], RUN_LETTERS[index]
    return f'<span class="cc-run" style="background:{colour}">{letter}</span>'


def mark_html(status: str) -> str:
    """The shape of a status."""
    return f'<span class="cc-mark cc-{status}" aria-hidden="true">{MARKS[status]}</span>'


def _row_html(row: RecessionRow, texts: Texts) -> str:
    limit = "–" if row.limit_h is None else f"{row.limit_h:g}"
    kind = f'<span class="cc-sub">{escape(row.kind)}</span>' if row.kind else ""
    cells = "".join(
        f'<td class="cc-num cc-{figure.status}{" cc-first" if i == 0 else ""}">'
        f"{mark_html(figure.status)} {escape(figure.words(texts))}</td>"
        for figures in row.figures.values()
        for i, figure in enumerate(figures)
    )
    return f'<tr><td>{escape(row.name)} {kind}</td><td class="cc-num">{limit}</td>{cells}</tr>'
