"""What the fleet's studies say, as tables of text in either language; page and command line show
the same."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from scenarios.cli_output import number, with_interval
from scenarios.compare import Paired
from scenarios.fleet_arms import UNDISTURBED, Arm, Response, Sizes
from scenarios.locale import Texts
from scenarios.routes import Study
from scenarios.works_text import TextTable
from sim.kernel.system import Label

Labels = Mapping[str, Label]
MOST_ROUTES = 40
"""Rows of a table of routes; the files hold all."""


# --- a plan -----------------------------------------------------------------------------------


def plan_headline(study: Study, t: Texts) -> str:
    """Return the answer in a sentence: trucks, km and hours of the plan, and what was left out."""
    totals, left = study.report.totals, len(study.solution.plan.left_out)
    served = len(study.fleet.problem.stops) - left
    return t(
        "routes.headline", trucks=totals.trucks, stops=served, left=left,
        km=number(totals.distance_m / 1e3), hours=number(totals.duration_s / 3600.0),
        engine=study.solution.engine, seconds=f"{study.solution.seconds:.0f}",
    )  # fmt: skip


def figures_table(study: Study, t: Texts, labels: Labels) -> TextTable:
    """Return the figures of the fleet as it is, as promised, and as simulated."""
    rows = [
        (
            _named(figure.name, figure.unit, t, labels),
            _or_dash(figure.now),
            _or_dash(figure.promised),
            with_interval(figure.simulated, figure.half_width),
            interval(figure.change),
        )
        for figure in study.figures
    ]
    keys = ("figure", "now", "promised", "simulated", "change")
    return TextTable(
        tuple(t(f"routes.head_{k}") for k in keys), (False, True, True, True, True), tuple(rows)
    )


def routes_table(study: Study, t: Texts) -> TextTable:
    """Return the longest routes of the plan: truck, stops, trips, charges, km, hours, end."""
    problem, rows = study.fleet.problem, []
    for route in study.solution.plan.routes:
        first, last = route.visits[0], route.visits[-1]
        metres = sum(
            float(problem.travel.distance_m[a.place, b.place])
            for a, b in zip(route.visits, route.visits[1:], strict=False)
            if a.place != b.place
        )
        kinds = [visit.kind for visit in route.visits]
        rows.append(
            (
                last.end_s - first.end_s,
                (
                    study.fleet.trucks[route.truck_type][route.number],
                    str(kinds.count("stop")), str(kinds.count("site")),
                    str(kinds.count("charger")), f"{metres / 1e3:.1f}",
                    clock(first.end_s), clock(last.end_s),
                ),
            )
        )  # fmt: skip
    rows.sort(key=lambda row: -row[0])
    keys = ("truck", "stops", "trips", "charges", "km", "leaves", "back")
    return TextTable(
        tuple(t(f"routes.head_{k}") for k in keys), (False, *[True] * 6),
        tuple(row for _, row in rows[:MOST_ROUTES]),
    )  # fmt: skip


def plan_notes(study: Study, t: Texts) -> list[str]:
    """Return what a reader has to know to judge a plan."""
    solution = study.solution
    stop = t(f"routes.stop_{solution.stop_reason}")
    notes = [
        t(
            "routes.note_engine", engine=solution.engine, why=study.why, stop=stop,
            iterations=solution.iterations,
        )
    ]  # fmt: skip
    if solution.bound == solution.bound:  # not NaN
        notes.append(t("routes.note_bound", gap=f"{solution.gap:.2%}"))
    else:
        notes.append(t("routes.note_no_bound"))
    notes.append(t("routes.note_checked"))
    notes.append(t("routes.note_margins"))
    notes += [
        t("routes.note_left", stop=study.fleet.problem.stops[left.stop].id, reason=left.reason)
        for left in study.solution.plan.left_out[:10]
    ]
    return notes


# --- sizes ------------------------------------------------------------------------------------


def sizes_headline(found: Sizes, t: Texts) -> str:
    """Return which size is recommended, or that none keeps the service."""
    best = found.recommended
    if best is None:
        return t("routes.sizes_none", limit=f"{found.service_limit:g}")
    return t(
        "routes.sizes_best", trucks=best.trucks, guns=best.guns, limit=f"{found.service_limit:g}",
        service=interval(best.service), cost=number(best.cny_per_day),
    )  # fmt: skip


def sizes_table(found: Sizes, t: Texts) -> TextTable:
    """Return a row per size, with what it costs and how it serves; efficient ones are marked."""
    rows = []
    for size in found.sizes:
        figures = size.arm.figures
        rows.append(
            (
                str(size.trucks), str(size.guns), interval(size.service),
                number(size.missed), _mean(figures.get("overtime_h")),
                _mean(figures.get("wait_chargers_h")), _mean(figures.get("lowest_charge_percent")),
                number(size.cny_per_day),
                t("routes.efficient") if size.efficient else "",
            )
        )  # fmt: skip
    keys = (
        "trucks",
        "guns",
        "service",
        "missed",
        "overtime",
        "wait_guns",
        "lowest",
        "cost",
        "mark",
    )
    return TextTable(tuple(t(f"routes.size_{k}") for k in keys), (*[True] * 8, False), tuple(rows))


def sizes_notes(found: Sizes, t: Texts) -> list[str]:
    """Return what was assumed."""
    capital = found.capital
    return [
        t("routes.note_capital", truck=f"{capital.cny_per_truck_day:.0f}",
          gun=f"{capital.cny_per_gun_day:.1f}"),
        t("routes.note_sizes", days=f"{found.days:g}"),
    ]  # fmt: skip


# --- responses --------------------------------------------------------------------------------


def response_table(found: Response, t: Texts, labels: Labels) -> TextTable:
    """Return a column per way to respond, with its difference to the undisturbed day."""
    names = [
        name for name in found.arms[0].figures if any(_differs(arm, name) for arm in found.arms)
    ]
    rows = []
    for name in names:
        row = [_named(name, found.arms[0].units.get(name, ""), t, labels)]
        for arm in found.arms:
            shown = arm.figures if arm.name == UNDISTURBED else arm.against_first
            row.append(interval(shown.get(name), signed=arm.name != UNDISTURBED))
        rows.append(tuple(row))
    heads = (t("routes.head_figure"), *(t(f"routes.arm_{arm.name}") for arm in found.arms))
    return TextTable(heads, (False, *[True] * len(found.arms)), tuple(rows))


def changed_table(found: Response, t: Texts) -> TextTable:
    """Return the trucks whose routes change, most changed first."""
    rows = tuple(
        (
            one.truck, _listed(one.gained), _listed(one.lost), f"{one.km_before:.1f}",
            f"{one.km_now:.1f}",
        )
        for one in found.changed[:MOST_ROUTES]
    )  # fmt: skip
    keys = ("truck", "gained", "lost", "km_before", "km_now")
    return TextTable(
        tuple(t(f"routes.head_{k}") for k in keys), (False, False, False, True, True), rows
    )


def response_headline(found: Response, t: Texts) -> str:
    """Return which response is best, how many routes it changes, and what that costs."""
    best = found.best
    off = next(arm for arm in found.arms if arm.name == "off")
    return t(
        "routes.response_headline", changed=len(found.changed), best=t(f"routes.arm_{best.name}"),
        missed_off=number(off.figures["stops_missed"].mean),
        missed=number(best.figures["stops_missed"].mean),
        km=with_interval(best.against_first["km"].mean, None, signed=True),
    )  # fmt: skip


def _differs(arm: Arm, name: str) -> bool:
    gap = arm.against_first.get(name)
    return gap is not None and gap.mean != 0.0


def _listed(names: Sequence[str]) -> str:
    shown = ", ".join(names[:6])
    return f"{shown} +{len(names) - 6}" if len(names) > 6 else shown or "–"


# --- pieces -----------------------------------------------------------------------------------


def clock(seconds: float) -> str:
    """Return a moment of the day as hours and minutes; beyond midnight they go on."""
    minutes = round(seconds / 60.0)
    return f"{minutes // 60:02d}:{minutes % 60:02d}"


def interval(found: Paired | None, *, signed: bool = False) -> str:
    """Return a mean with half its 95 % interval, or a dash."""
    if found is None:
        return "–"
    return with_interval(found.mean, found.half_width, signed=signed)


def _or_dash(value: float | None) -> str:
    return "–" if value is None else number(value)


def _mean(found: Paired | None) -> str:
    return "–" if found is None else number(found.mean)


def _named(name: str, unit: str, t: Texts, labels: Labels) -> str:
    label = labels.get(name)
    text = name if label is None else label.zh if t.language == "zh" else label.en
    return f"{text}, {unit}" if unit and unit != "1" else text
