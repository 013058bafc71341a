"""Where pump trucks should wait: from runs without trucks to a coverage problem and its answer."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from optimize.emergency.check import violations
from optimize.emergency.coverage import place
from optimize.emergency.problem import Coverage, Need, Placement
from sim.drainage.emergency_inputs import EmergencyInputs
from sim.drainage.kpis import waterlogged_spells
from sim.drainage.roads import Traffic
from sim.kernel.recorder import Record, SeriesTable

Floats = NDArray[np.float64]
On = Literal["flooded", "dry"]

SITE_DRY_M = 0.05
"""A truck may wait only where the water never stands deeper than this."""
ROOM = 2
"""Trucks that can wait at one site."""
NEEDS_PER_TRUCK = 4
"""So many times the number of trucks are points looked at, by weight; the rest is out of reach."""
POINTS_PER_TRUCK = 2
"""Points that one truck looks after in one storm."""
SECOND_SHARE = 0.5
"""What a second truck at a point is worth, of what the first is."""
LIMIT_S = 3600.0
"""A truck that needs longer than this after the report is worth nothing."""


@dataclass(frozen=True)
class Siting:
    """A placement, what it was found on, and the site of every truck in their order."""

    problem: Coverage
    placement: Placement
    sites: tuple[str, ...]


def site_trucks(
    inputs: EmergencyInputs,
    records: Sequence[Record],
    trucks: int,
    *,
    on: On = "flooded",
    effort: float = 20.0,
) -> Siting:
    """Choose where the first `trucks` of the fleet wait.

    Parameters
    ----------
    records
        Runs without trucks: they give the expected depth-hours of every point, and the roads as
        they are when it is reported (with the median delay).
    on
        Travel on the flooded roads, or on dry ones.
    effort
        See `optimize.emergency.coverage.place`.

    Raises
    ------
    AssertionError
        If the answer fails the independent check.
    """
    problem = coverage(inputs, records, trucks, on=on)
    placement = place(problem, effort=effort)
    wrong = violations(problem, placement)
    if wrong:
        raise AssertionError(f"the placement is wrong: {'; '.join(wrong)}")
    return Siting(problem, placement, _in_order(inputs, problem, placement))


def coverage(
    inputs: EmergencyInputs, records: Sequence[Record], trucks: int, *, on: On = "flooded"
) -> Coverage:
    """Return the problem that `site_trucks` solves."""
    depths = [record.series["drainage", "ponded_depth"] for record in records]
    weights = _weights(inputs, depths)
    chosen = sorted(weights, key=lambda name: (-weights[name], name))[: NEEDS_PER_TRUCK * trucks]
    second = inputs.spec.trucks_per_point > 1
    needs = tuple(
        Need(name, weights[name], (1.0, SECOND_SHARE) if second else (1.0,)) for name in chosen
    )
    sites = _dry_nodes(inputs, depths)
    return Coverage(
        trucks=trucks,
        room=dict.fromkeys(sites, ROOM),
        needs=needs,
        seconds=_travel(inputs, records, depths, sites, chosen, on),
        limit_s=LIMIT_S,
        points_per_truck=POINTS_PER_TRUCK,
    )


def depth_hours(depth: SeriesTable) -> Mapping[str, float]:
    """Return the depth-hours of every point, m h, as `sim.drainage.kpis` sums them up."""
    hours = np.diff(depth.time_s) / 3600.0
    sums = ((depth.values[1:] + depth.values[:-1]) / 2.0 * hours[:, None]).sum(axis=0)
    return dict(zip(depth.entities, (float(value) for value in sums), strict=True))


def _weights(inputs: EmergencyInputs, depths: Sequence[SeriesTable]) -> dict[str, float]:
    """Expected depth-hours of the points that a hose reaches and that were wet at all."""
    runs = [depth_hours(depth) for depth in depths]
    means = {
        name: math.fsum(run[name] for run in runs) / len(runs)
        for name, spot in inputs.places.items()
        if spot.discharges
    }
    return {name: mean for name, mean in means.items() if mean > 0.0}


def _street_depth(inputs: EmergencyInputs, depth: SeriesTable) -> Floats:
    """Depth by time and street node (T, N), m."""
    roads = inputs.roads
    found = np.zeros((len(depth.time_s), len(roads.nodes)))
    for k, name in enumerate(depth.entities):
        node = roads.index[inputs.places[name].street_node]
        found[:, node] = np.maximum(found[:, node], depth.values[:, k])
    return found


def _dry_nodes(inputs: EmergencyInputs, depths: Sequence[SeriesTable]) -> list[str]:
    deepest = np.max([_street_depth(inputs, depth).max(axis=0) for depth in depths], axis=0)
    return [name for name, m in zip(inputs.roads.nodes, deepest, strict=True) if m <= SITE_DRY_M]


def _travel(
    inputs: EmergencyInputs,
    records: Sequence[Record],
    depths: Sequence[SeriesTable],
    sites: Sequence[str],
    points: Sequence[str],
    on: On,
) -> dict[tuple[str, str], float]:
    """Mean travel time over the runs, s; infinite where the way is closed in any of them."""
    delay_s = inputs.spec.detection_median_min * 60.0
    totals = dict.fromkeys(((site, point) for site in sites for point in points), 0.0)
    for record, depth in zip(records, depths, strict=True):
        spells = waterlogged_spells(record)
        street = _street_depth(inputs, depth)
        at_moment: dict[int, Traffic] = {}
        for point in points:
            moment = _moment(spells.get(point), depth, delay_s) if on == "flooded" else 0
            if moment not in at_moment:
                under = street[moment] if on == "flooded" else np.zeros(street.shape[1])
                at_moment[moment] = inputs.roads.traffic(under)
            target = inputs.places[point].street_node
            for site in sites:
                totals[site, point] += at_moment[moment].seconds(site, target)
    return {key: total / len(records) for key, total in totals.items()}


def _moment(
    spells: Sequence[tuple[float, float]] | None, depth: SeriesTable, delay_s: float
) -> int:
    """Index of the last depths published before a point is reported; 0 if it never is."""
    if not spells:
        return 0
    reported_s = spells[0][0] + delay_s
    return max(int(np.searchsorted(depth.time_s, reported_s, side="right")) - 1, 0)


def _in_order(inputs: EmergencyInputs, problem: Coverage, placement: Placement) -> tuple[str, ...]:
    """One site for each truck in the fleet's order; the largest trucks to the sites worth most.

    Trucks the placement has no use for wait where the most is to be won, or at their depot.
    """
    needs = {need.point: need for need in problem.needs}
    worth = dict.fromkeys(placement.sites, 0.0)
    for site, point, rank in placement.covers:
        worth[site] += problem.worth(site, needs[point], rank)
    ranked = sorted(placement.sites, key=lambda site: (-worth[site] / placement.sites[site], site))
    waiting = [site for site in ranked for _ in range(placement.sites[site])]
    mine = inputs.trucks[: problem.trucks]
    fleet = sorted(mine, key=lambda plan: (-plan.nameplate_m3s, plan.id))
    site_of = {
        plan.id: waiting[k] if k < len(waiting) else (ranked[0] if ranked else plan.depot_node)
        for k, plan in enumerate(fleet)
    }
    return tuple(site_of[plan.id] for plan in mine)
