"""The page `docs/verification/drainage.md`, from measured rows."""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path

from bench.verification import bars, figures, reaches
from bench.verification.bars import missed, verdicts
from bench.verification.cases import REFINED
from bench.verification.closed_forms import Refinement
from bench.verification.figures import Gap, Regime
from bench.verification.reasons import CONTINUITY_PERCENT, reasons
from bench.verification.rows import Row

COMMAND = "make verify-drainage"
_TRIED = Path(__file__).with_name("tried.md")


def table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> list[str]:
    text = ["| " + " | ".join(head) + " |", "|" + "---|" * len(head)]
    return [*text, *("| " + " | ".join(row) + " |" for row in rows), ""]


def number(value: float | None, digits: int) -> str:
    """Return a figure, a dash for none; never a minus sign before zero."""
    if value is None:
        return "-"
    if not math.isfinite(value):
        return "never" if value > 0 else "-never"
    return f"{round(value, digits) + 0.0:.{digits}f}"


def _gap_cells(g: Gap, regime: Regime) -> list[str]:
    met = verdicts(g, regime)

    def cell(bar: str, text: str) -> str:
        return f"**{text}**" if met[bar] is False else text

    return [
        cell("outflow", number(g.nse, 4)),
        cell("volume", number(g.volume_percent, 2)),
        cell("recession", number(g.recession_min, 1)),
        cell("flooded nodes", number(g.jaccard, 2)),
        cell("depth", number(g.mae_all_cm, 2)),
        number(g.mae_wet_cm, 2),
        f"{g.worst_node} {number(g.worst_cm, 1)}",
    ]


_GAP_HEAD = (
    "outflow NSE", "volume %", "recession min", "flooded nodes", "depth cm", "depth, wet cm",
    "worst node cm",
)  # fmt: skip


def _volume(g: Gap) -> str:
    return f"{g.volume_kind} {g.volume_m3:,.0f}" if g.volume_kind else "-"


def _at_most(percent: float) -> str:
    """Return a bound that does not depend on the machine's rounding."""
    return "< 1e-9" if percent < 1e-9 else f"< 1e{math.ceil(math.log10(percent))}"


def _verdict(row: Row) -> str:
    """Tell which SWMM a file agrees with: as the file is, with finer steps, in short reaches."""
    if not row.missed:
        return "all met"
    text = ["misses " + ", ".join(row.missed)]
    if row.meets_finer:
        text.append("all met with SWMM's steps refined")
    if row.meets_in_reaches:
        text.append(f"all met in reaches of at most {reaches.LONGEST_M:g} m")
    return "; ".join(text)


def agreement(rows: Sequence[Row]) -> list[str]:
    """Return the main table and what it adds up to."""
    as_filed = sum(not row.missed for row in rows)
    finer = sum(row.meets_finer for row in rows)
    short = sum(row.meets_in_reaches for row in rows)
    cut = sum(row.in_reaches is not None for row in rows)
    any_way = sum(not row.missed or row.meets_finer or row.meets_in_reaches for row in rows)
    body = [
        [
            row.case.name, row.regime, number(row.routing_error_percent, 2), _volume(row.gap),
            *_gap_cells(row.gap, row.regime), _at_most(row.balance_percent),
            _verdict(row), reasons(row),
        ]
        for row in rows
    ]  # fmt: skip
    head = ("file", "regime", "SWMM continuity %", "flooded m3 (SWMM)", *_GAP_HEAD,
            "our balance %", "bars", "why not")  # fmt: skip
    said = (
        f"Of {len(rows)} files {as_filed} meet every bar beside SWMM run as the file says, {finer} "
        f"beside SWMM with its steps refined, and of the {cut} with long conduits {short} where "
        f"both engines run on reaches of at most {reaches.LONGEST_M:g} m; {any_way} meet every bar "
        "in at least one of the three. The figures are those of the file as it is; one in bold "
        "misses its bar."
    )
    return [said, "", *table(head, body)]


def floors(rows: Sequence[Row]) -> list[str]:
    """Return SWMM against itself with finer steps, and us against that."""
    body = []
    for row in rows:
        if row.floor is None or row.beside_finer is None:
            continue
        body.append([row.case.name, "SWMM, finer", *_gap_cells(row.floor, row.regime)])
        body.append(["", "ours", *_gap_cells(row.beside_finer, row.regime)])
    return table(("file", "which", *_GAP_HEAD), body)


def short_reaches(rows: Sequence[Row]) -> list[str]:
    """Return us against SWMM, and SWMM against itself, on networks cut into short reaches."""
    body = []
    for row in rows:
        r = row.in_reaches
        if r is None:
            continue
        about = [number(r.longest_m, 0), str(r.reaches), number(r.routing_error_percent, 2)]
        met = missed(r.gap, row.regime)
        verdict = "misses " + ", ".join(met) if met else "all met"
        body.append([row.case.name, "ours", *about, *_gap_cells(r.gap, row.regime), verdict])
        body.append(["", "SWMM, moved", "", "", "", *_gap_cells(r.moved, row.regime), ""])
    head = ("file", "which", "longest conduit m", "reaches", "SWMM continuity %", *_GAP_HEAD,
            "bars")  # fmt: skip
    said = (
        f"Every conduit cut into equal reaches of at most {reaches.LONGEST_M:g} m, in both "
        f"engines, both with steps of at most {reaches.STEP_S:g} s; SWMM with a Courant factor of "
        f"{reaches.COURANT:g} and no lengthening; compared at the nodes of the file. *Ours* is us "
        "against SWMM on that network, *SWMM, moved* SWMM on it against SWMM on the file as it is: "
        "what the length of the reaches alone does to its answer."
    )
    return [said, "", *table(head, body)]


def own_runoff(rows: Sequence[Row]) -> list[str]:
    body = [
        [
            row.case.name, number(row.runoff_error_percent, 2), _volume(row.gap),
            *_gap_cells(row.gap, row.regime),
            "all met" if not row.missed else "misses " + ", ".join(row.missed),
        ]
        for row in rows
    ]  # fmt: skip
    return table(
        ("file", "SWMM runoff continuity %", "flooded m3 (SWMM)", *_GAP_HEAD, "bars"), body
    )


def timings(rows: Sequence[Row]) -> list[str]:
    body = [
        [
            row.case.name, number(row.swmm_seconds, 2), number(row.native_seconds, 2),
            number(row.swmm_seconds / row.native_seconds, 1), str(row.steps),
        ]
        for row in rows
    ]  # fmt: skip
    return table(("file", "SWMM s", "ours s", "ratio", "our steps"), body)


def _error(value: float) -> str:
    return "exact" if value < 1e-12 else f"{value:.1e}"


def closed_forms(found: Sequence[Refinement]) -> list[str]:
    body = [[r.name, r.formula, r.refined, *(_error(e) for e in r.errors), r.unit] for r in found]
    return table(("case", "closed form", "refined", "coarse", "middle", "fine", "error in"), body)


def definitions() -> list[str]:
    free, pressed = bars.FREE, bars.UNDER_PRESSURE
    crown_m = figures.OVER_CROWN_M
    return [
        "- *Same inflows*: the lateral inflow that SWMM reports for each node, at a report step of "
        "60 s (10 to 60 s in runs of up to 12 h), linear in between and integrated exactly over "
        "our steps. SWMM runs with the file's own numerical options, on one thread.",
        "- *Regime*: `tailwater` if an outfall's prescribed level stands over its bed, else "
        f"`surcharged` if a junction rises more than {crown_m:g} m over the crowns of its closed "
        "conduits, else `free`; always in SWMM's run.",
        "- *Outflow NSE*: Nash-Sutcliffe efficiency of the total flow out of the outfalls, its "
        f"sign taken from the links that end there. Bar {free.nse:g}, or {pressed.nse:g} where "
        "surcharged or with tailwater.",
        "- *Volume*: largest ponded volume where junctions pond; volume lost over the rims where "
        f"they do not. Bar {free.volume_percent:g} %, or {pressed.volume_percent:g} %.",
        f"- *Recession*: when the last point falls to {100 * figures.WATERLOGGED_M:g} cm over its "
        f"rim for good. Bar: the larger of {free.recession_min:g} min and "
        f"{free.recession_percent:g} % of the time since the rain (or the inflow) ended.",
        "- *Flooded nodes*: Jaccard index of the sets of nodes that pond more than "
        f"{100 * figures.PONDED_M:g} cm or lose more than {figures.LOST_M3:g} m3. "
        f"Bar {free.jaccard:g}.",
        "- *Depth*: mean absolute error of the largest depth over all inner nodes, at SWMM's "
        f"report moments; and over those deeper than {100 * figures.WET_M:g} cm in either run. "
        f"Bar {free.mae_cm:g} cm, on the former.",
        "- *SWMM, finer*: the same file with routing step, minimum step and Courant factor "
        f"divided by {REFINED:g}: how far SWMM is from itself. No engine can be asked to be "
        "nearer than that.",
        f"- Where SWMM's own continuity error is over {CONTINUITY_PERCENT:g} %, its answer is no "
        "reference, and nothing was tuned to it.",
        "",
    ]


def whole(
    rows: Sequence[Row], own: Sequence[Row], refused: Sequence[tuple[str, Sequence[str]]],
    forms: Sequence[Refinement], provenance: dict[str, dict[str, str]],
) -> str:  # fmt: skip
    """Return the page."""
    version = rows[0].swmm_version if rows else "-"
    text = [
        "# Verification of the drainage engine",
        "",
        f"Made by `{COMMAND}`: the native engine beside EPA SWMM {version} on public files, and "
        "against closed forms. Everything but the table of run times is the same on every machine "
        "up to the last digits of floating-point arithmetic.",
        "",
        "## Agreement with SWMM, same inflows to the nodes",
        "",
        *agreement(rows),
    ]
    changed = [
        f"- {row.case.name}: {'; '.join(row.case.changes)}" for row in rows if row.case.changes
    ]
    text += [*changed, ""] if changed else []
    text += ["## SWMM's own noise floor", "",
             "SWMM with finer steps against SWMM; our engine against SWMM with finer steps.", "",
             *floors(rows)]  # fmt: skip
    text += ["## The same in short reaches", "", *short_reaches(rows)]
    text += ["## The same with our own rain and runoff", "", *own_runoff(own)]
    text += [_TRIED.read_text(encoding="utf-8"), "## Files that are refused", ""]
    for name, problems in refused:
        text += [f"- {name}", *(f"  - {problem}" for problem in problems)]
    text += ["", "## Closed forms", "", *closed_forms(forms)]
    text += ["## Definitions", "", *definitions()]
    text += ["## Where the files come from", "", *table(
        ("file", "source", "licence"),
        [[name, row["source"], row["licence"]] for name, row in sorted(provenance.items())],
    )]  # fmt: skip
    text += ["## Run times", "",
             "CPU seconds of one run, medians, one thread; they change from machine to machine.",
             "", *timings(rows)]  # fmt: skip
    return "\n".join(text).rstrip() + "\n"
