"""What a problem asks of an engine beyond visiting stops, so that each can say what it lacks."""

from __future__ import annotations

import math
from collections.abc import Collection, Iterator

from optimize.routing.problem import Problem
from sim.kernel.errors import InputError, InputErrors

# Feature: what it is called in a refusal.
FEATURES = {
    "traffic": "speeds that change by time of day",
    "several_windows": "stops with several time windows",
    "release": "release times",
    "optional_stops": "stops that may be left out at a penalty",
    "compatibility": "stops reserved for some types of truck",
    "sites": "disposal sites, hence several trips",
    "sites_by_stream": "sites that take only a part of the load",
    "unloading_by_amount": "unloading that takes longer for more load",
    "several_site_windows": "sites with several time windows",
    "start_load": "trucks that begin loaded",
    "end_empty": "trucks that must end empty",
    "site_windows_end_empty": "trucks that must end empty, at sites with time windows",
    "day_capacity": "a capacity of the day besides that of the truck",
    "most_stops": "a largest number of stops of a route",
    "most_distance": "a longest distance of a route",
    "most_duration": "a longest duration of a route",
    "overtime": "overtime",
    "breaks": "breaks",
    "driving_rule": "a rest after so much driving",
    "batteries": "batteries",
    "batteries_and_sites": "batteries together with disposal sites",
    "charger_windows": "chargers with time windows",
    "several_charger_windows": "chargers with several time windows",
    "nonlinear_charging": "charging that slows down as the battery fills",
    "consumption_by_load": "consumption that grows with the load",
    "energy_cost": "a cost of energy",
    "deviation": "a plan in force from which deviations cost",
    "mixed_fleet": "several types of truck",
    "fleet_first": "fewest trucks first, then cost",
}


def asked(problem: Problem) -> dict[str, str]:
    """Return the features a problem has, each with the first place that has it."""
    found: dict[str, str] = {}
    for name, where in _found(problem):
        found.setdefault(name, where)
    return found


def refuse_unsupported(problem: Problem, engine: str, supported: Collection[str]) -> None:
    """Raise InputErrors naming every feature that an engine cannot represent."""
    errors = [
        InputError(
            f"the engine '{engine}' cannot represent {FEATURES[name]}", where=where,
            hint="choose the engine 'core', or 'auto'",
        )
        for name, where in asked(problem).items()
        if name not in supported
    ]  # fmt: skip
    if errors:
        raise InputErrors(errors)


def _found(problem: Problem) -> Iterator[tuple[str, str]]:
    travel = problem.travel
    if travel.speed_factor.size > 1:
        yield "traffic", "travel.speed_factor"
    if problem.in_force is not None and problem.deviation_cost:
        yield "deviation", "deviation_cost"
    if len(problem.trucks) > 1:
        yield "mixed_fleet", "trucks"
    if problem.objective == "trucks_then_cost":
        yield "fleet_first", "objective"
    yield from _of_stops(problem)
    yield from _of_sites(problem)
    yield from _of_trucks(problem)


def _of_stops(problem: Problem) -> Iterator[tuple[str, str]]:
    for stop in problem.stops:
        where = f"stops.{stop.id}"
        if len(stop.windows) > 1:
            yield "several_windows", f"{where}.windows"
        if stop.release_s > 0.0:
            yield "release", f"{where}.release_s"
        if math.isfinite(stop.penalty):
            yield "optional_stops", f"{where}.penalty"
        if stop.truck_types is not None:
            yield "compatibility", f"{where}.truck_types"


def _of_sites(problem: Problem) -> Iterator[tuple[str, str]]:
    for site in problem.sites:
        where = f"sites.{site.id}"
        yield "sites", where
        if not all(site.accepts):
            yield "sites_by_stream", f"{where}.accepts"
        if any(site.unload_s_per_unit):
            yield "unloading_by_amount", f"{where}.unload_s_per_unit"
        if len(site.windows) > 1:
            yield "several_site_windows", f"{where}.windows"


def _of_trucks(problem: Problem) -> Iterator[tuple[str, str]]:
    windowed = [s for s in problem.sites if s.windows[0][0] > 0.0 or s.windows[-1][1] < math.inf]
    for truck in problem.trucks:
        where = f"trucks.{truck.id}"
        if any(truck.start_load):
            yield "start_load", f"{where}.start_load"
        if truck.must_end_empty:
            yield "end_empty", f"{where}.must_end_empty"
            if windowed:
                yield "site_windows_end_empty", f"sites.{windowed[0].id}.windows"
        for name in ("day_capacity", "most_stops"):
            if getattr(truck, name) is not None:
                yield name, f"{where}.{name}"
        for name in ("most_distance", "most_duration"):
            full = f"{name}_{'m' if name == 'most_distance' else 's'}"
            if math.isfinite(getattr(truck, full)):
                yield name, f"{where}.{full}"
        if truck.overtime_s > 0.0:
            yield "overtime", f"{where}.overtime_s"
        if truck.breaks:
            yield "breaks", f"{where}.breaks"
        if truck.driving_rule is not None:
            yield "driving_rule", f"{where}.driving_rule"
        if any(truck.kwh_per_m_unit):
            yield "consumption_by_load", f"{where}.kwh_per_m_unit"
        if truck.cost_per_kwh:
            yield "energy_cost", f"{where}.cost_per_kwh"
        if truck.battery_kwh is not None:
            yield "batteries", f"{where}.battery_kwh"
            if problem.sites:
                yield "batteries_and_sites", "sites"
            yield from _of_charging(problem, where)


def _of_charging(problem: Problem, where: str) -> Iterator[tuple[str, str]]:
    for charger in problem.chargers:
        if charger.windows[0][0] > 0.0 or charger.windows[-1][1] < math.inf:
            yield "charger_windows", f"chargers.{charger.id}.windows"
        if len(charger.windows) > 1:
            yield "several_charger_windows", f"chargers.{charger.id}.windows"
    for truck in problem.trucks:
        for curve in truck.charging:
            speeds = {
                round((t1 - t0) / (e1 - e0), 9)
                for t0, t1, e0, e1 in zip(
                    curve.time_s, curve.time_s[1:], curve.energy_kwh, curve.energy_kwh[1:],
                    strict=False,
                )
            }  # fmt: skip
            if len(speeds) > 1:
                yield "nonlinear_charging", f"{where}.charging"
