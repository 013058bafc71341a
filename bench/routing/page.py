"""The page: tables by family, from the runs in the file and nothing else."""

from __future__ import annotations

import math
import statistics
from collections import defaultdict
from collections.abc import Iterable

from bench.routing.cases import FAMILIES
from bench.routing.nights import NightRun
from bench.routing.runs import Run

HEAD = """# Verification of the routing engines

Made by `make verify-routing` from runs kept in `routing.jsonl` beside this page. Every engine gets
the same processor time on one core, counted as processor time so that other work on the machine
does not matter; every plan is judged by the independent checker, and a plan that breaks a rule
counts as none. Gaps are to the best value known, where service and (if the fleet comes first)
the number of trucks are equal. Values are medians over seeds.
"""


def _cost(run: Run) -> str:
    if run.refused:
        return "refused"
    if run.violations:
        return "**breaks rules**"
    text = f"{run.cost:,.2f}"
    if not math.isnan(run.best_trucks) or run.family == "city":
        text = f"{run.trucks} / {text}"
    return f"{text}, {run.left_out} left out" if run.left_out else text


def _number(value: float, form: str) -> str:
    return "-" if math.isnan(value) else format(value, form)


def _middle(runs: list[Run]) -> Run:
    """Return the run in the middle, by refusals, stops left out, trucks and cost."""
    ordered = sorted(
        runs, key=lambda r: (bool(r.refused or r.violations), r.left_out, r.trucks, r.cost)
    )
    return ordered[(len(ordered) - 1) // 2]


def family_table(family: str, runs: Iterable[Run]) -> list[str]:
    """Return the lines of a family: a row per instance, a pair of columns per engine."""
    cells: dict[tuple[str, str, float], list[Run]] = defaultdict(list)
    for run in runs:
        cells[run.instance, run.engine, run.budget_s].append(run)
    columns = sorted({(engine, budget) for _, engine, budget in cells})
    lines = [f"## {family}", "", FAMILIES[family].capitalize() + ".", ""]
    lines.append(
        "| instance | best known | "
        + " | ".join(f"{e} {b:g} s | gap % | CPU s" for e, b in columns)
        + " |"
    )
    lines.append("|---|---|" + "---|---|---|" * len(columns))
    gaps: dict[tuple[str, float], list[float]] = defaultdict(list)
    hits: dict[tuple[str, float], int] = defaultdict(int)
    names = sorted({name for name, _, _ in cells})
    for name in names:
        some = next(iter(run for key, found in cells.items() if key[0] == name for run in found))
        best = _number(some.best_cost, ",.2f")
        if not math.isnan(some.best_trucks):
            best = f"{some.best_trucks:.0f} / {best}"
        row = [name, best]
        for column in columns:
            found = cells.get((name, *column))
            if not found:
                row += ["", "", ""]
                continue
            run = _middle(found)
            row += [_cost(run), _number(run.gap_percent, ".2f"), _number(run.cpu_s, ".1f")]
            if not math.isnan(run.gap_percent):
                gaps[column].append(run.gap_percent)
            whole = not (run.refused or run.violations or run.left_out)
            hits[column] += whole and (math.isnan(run.best_trucks) or run.trucks <= run.best_trucks)
        lines.append("| " + " | ".join(row) + " |")
    lines.append("")
    for column in columns:
        count = sum((name, *column) in cells for name in names)
        text = f"- {column[0]}, {column[1]:g} s: all stops served, by as few trucks as known or "
        text += f"fewer where they come first, on {hits[column]} of {count}"
        if gaps[column]:
            mean, worst = statistics.fmean(gaps[column]), max(gaps[column])
            text += f"; mean gap {mean:.2f} %, largest {worst:.2f} %, over {len(gaps[column])}"
        lines.append(text + ".")
    refusals = sorted({f"- {r.engine} refuses: {r.refused}" for r in runs if r.refused})
    return [*lines, *refusals, ""]


def nights_table(nights: Iterable[NightRun]) -> list[str]:
    """Return the lines on charger schedules."""
    lines = [
        "## Charger schedules", "",
        "100 trucks, 24 guns, a tariff that changes hourly, 1 % gap asked, grid of 10 minutes.", "",
        "| power limit kW | seed | cost | bound | gap % | CPU s | check |",
        "|---|---|---|---|---|---|---|",
    ]  # fmt: skip
    for n in nights:
        judged = "; ".join(n.violations) or "no rule broken"
        if n.uncharged:
            judged += f", {n.uncharged} uncharged"
        lines.append(
            f"| {n.limit_kw:g} | {n.seed} | {n.cost:,.1f} | {n.bound:,.1f} | "
            f"{100 * n.gap:.2f} | {n.cpu_s:.1f} | {judged} |"
        )
    return [*lines, ""]


def whole(runs: Iterable[Run], nights: Iterable[NightRun]) -> str:
    """Return the page."""
    by_family: dict[str, list[Run]] = defaultdict(list)
    for run in runs:
        by_family[run.family].append(run)
    lines = [HEAD]
    for family in FAMILIES:
        if by_family[family]:
            lines += family_table(family, by_family[family])
    found = list(nights)
    if found:
        lines += nights_table(found)
    return "\n".join(lines)
