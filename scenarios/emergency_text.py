"""What a comparison of pump-truck policies says, as text in either language; the page and the
command line show the same."""

from __future__ import annotations

from collections import Counter

from scenarios.cli_output import number
from scenarios.compare import Paired
from scenarios.emergency import ARMS, NONE, ArmResult, Study
from scenarios.locale import Texts
from scenarios.works_text import TextTable

HEADS = (
    "arm", "depth_hours", "saved", "share", "against_depot", "pumped", "points", "response",
)  # fmt: skip
PREPOSITIONED = "site_worst"


def headline(study: Study, t: Texts) -> str:
    """Return the answer in a sentence: what trucks save, and whether waiting elsewhere helps."""
    saved = [arm.saved.mean for arm in study.arms if arm.saved is not None]
    shares = [_share(arm, study) for arm in study.arms if arm.saved is not None]
    versus = study.arm(PREPOSITIONED).against_depot
    assert versus is not None  # the arm has a partner that starts from the depots
    return t(
        "pumps.headline", trucks=study.trucks, low=f"{min(saved):.3g}", high=f"{max(saved):.3g}",
        least=f"{min(shares):.1%}", most=f"{max(shares):.1%}", versus=interval(versus),
        verdict=t(f"pumps.verdict_{_verdict(versus)}"),
    )  # fmt: skip


def _verdict(versus: Paired) -> str:
    """Say whether a difference is more than chance: its interval leaves out zero."""
    if versus.half_width is None or abs(versus.mean) <= versus.half_width:
        return "open"
    return "more" if versus.mean > 0.0 else "less"


def arms_table(study: Study, t: Texts) -> TextTable:
    """Return one row per arm, no trucks first."""
    rows = []
    for arm in study.arms:
        figures = arm.figures
        pumped = figures["trucks_pumped_m3"]
        rows.append(
            (
                arm_name(arm.name, t),
                number(figures["depth_hours"]),
                interval(arm.saved),
                "–" if arm.saved is None else f"{_share(arm, study):.1%}",
                interval(arm.against_depot),
                number(None if pumped is None else pumped / 1000.0),
                number(figures["points_pumped"]),
                number(figures["truck_response_h"]),
            )
        )
    heads = tuple(t(f"pumps.head_{key}") for key in HEADS)
    return TextTable(heads, (False, *[True] * (len(HEADS) - 1)), tuple(rows))


def sites_table(study: Study, t: Texts) -> TextTable:
    """Return where trucks should wait, and for which points."""
    placement = study.siting.placement
    fleet = study.inputs.trucks
    rows = []
    for site, count in Counter(study.siting.sites).most_common():
        mine = [plan for plan, at in zip(fleet, study.siting.sites, strict=True) if at == site]
        points = dict.fromkeys(point for at, point, _ in placement.covers if at == site)
        rows.append(
            (
                site,
                str(count),
                ", ".join(f"{plan.id} {plan.nameplate_m3s * 3600.0:.0f}" for plan in mine),
                ", ".join(points),
            )
        )
    heads = tuple(t(f"pumps.head_{key}") for key in ("site", "trucks", "fleet", "covers"))
    return TextTable(heads, (False, True, False, False), tuple(rows))


def notes(study: Study, t: Texts) -> list[str]:
    """Return what a reader has to know to judge the figures."""
    placement, problem = study.siting.placement, study.siting.problem
    reachable = [place for place in study.inputs.places.values() if place.discharges]
    return [
        t(
            "pumps.note_sites", sites=len(problem.room), points=len(problem.needs),
            value=f"{placement.value:.1f}", bound=f"{placement.bound:.1f}",
            gap=f"{placement.gap:.2%}", roads=t(f"pumps.roads_{study.on}"),
        ),
        t("pumps.note_same_storm"),
        t(
            "pumps.note_reach", reached=len(reachable), points=len(study.inputs.places),
            hose=f"{study.inputs.spec.hose_m:g}",
        ),
        t("pumps.note_draws", replications=study.replications)
        if study.replications > 1
        else t("pumps.note_single"),
        t("pumps.note_speed", source=study.inputs.roads.flood_speed.source),
    ]  # fmt: skip


def arm_name(arm: str, t: Texts) -> str:
    """Return what an arm is called."""
    if arm == NONE:
        return t("pumps.none")
    start, order = ARMS[arm]
    return t("pumps.arm", start=t(f"pumps.{start}"), order=t(f"pumps.{order}"))


def interval(found: Paired | None) -> str:
    """Return a mean with half its 95 % interval, or a dash."""
    if found is None:
        return "–"
    half = "" if found.half_width is None else f" ± {number(found.half_width)}"
    return f"{number(found.mean)}{half}"


def _saved(arm: ArmResult) -> float:
    return arm.saved.mean if arm.saved is not None else 0.0


def _share(arm: ArmResult, study: Study) -> float:
    """What an arm saves, of all depth-hours without trucks."""
    bare = study.arm(NONE).figures["depth_hours"]
    return _saved(arm) / bare if bare else 0.0
