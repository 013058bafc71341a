"""Problems that no plan can solve: refused by name, or cut down to the stops that can be served.

A stop is looked at as if it were the only one: a truck that may serve it drives there from its
start, over chargers and sites where that helps, and home again, over a site if it must end empty.
What is required of it is never more than any plan would have to do, so a stop named here cannot be
served alone; the others may still be too many for the fleet.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np

from optimize.routing.malformed import malformed
from optimize.routing.plan import LeftOut, Plan
from optimize.routing.problem import Problem, Stop, TruckType
from optimize.routing.reach import Reach
from sim.kernel.errors import InputError, InputErrors

_MOST_PLACES_FOR_ALL = 300
_MOST_NAMED = 5


@dataclass(frozen=True)
class Servable:
    """The part of a problem whose stops can each be served.

    Attributes
    ----------
    problem
        With the servable stops only.
    stops
        Their indices in the whole problem.
    left_out
        The others, each with its reason, by index in the whole problem.
    """

    problem: Problem
    stops: tuple[int, ...]
    left_out: tuple[LeftOut, ...]

    def whole(self, plan: Plan) -> Plan:
        """Return a plan for the part as one for the whole problem."""
        routes = tuple(
            replace(
                route,
                visits=tuple(
                    replace(visit, index=self.stops[visit.index]) if visit.kind == "stop" else visit
                    for visit in route.visits
                ),
            )
            for route in plan.routes
        )
        left = [replace(out, stop=self.stops[out.stop]) for out in plan.left_out]
        return Plan(routes, tuple(sorted([*left, *self.left_out], key=lambda out: out.stop)))


def refuse(problem: Problem) -> None:
    """Refuse a problem that is malformed or has stops, sites or chargers that are of no use.

    Raises
    ------
    InputErrors
        All at once, each with its place and what would make it feasible.
    """
    errors = malformed(problem)
    if errors:
        raise InputErrors(errors)
    errors = [*_cut_off(problem), *unservable(problem).values()]
    if errors:
        raise InputErrors(errors)


def servable(problem: Problem) -> Servable:
    """Return the part of a problem whose stops can each be served, and why the others cannot.

    Raises
    ------
    InputErrors
        The problem is malformed.
    """
    errors = malformed(problem)
    if errors:
        raise InputErrors(errors)
    reasons = unservable(problem)
    stops = tuple(i for i in range(len(problem.stops)) if i not in reasons)
    part = replace(problem, stops=tuple(problem.stops[i] for i in stops))
    if problem.in_force is not None:
        part = replace(part, in_force=_in_force(problem.in_force, stops))
    left = [
        LeftOut(i, f"{error.what}; {error.hint}" if error.hint else error.what)
        for i, error in sorted(reasons.items())
    ]
    return Servable(part, stops, tuple(left))


def _in_force(plan: Plan, stops: tuple[int, ...]) -> Plan:
    number = {stop: i for i, stop in enumerate(stops)}
    return Plan(
        tuple(
            replace(
                route,
                visits=tuple(
                    replace(visit, index=number[visit.index]) if visit.kind == "stop" else visit
                    for visit in route.visits
                    if visit.kind != "stop" or visit.index in number
                ),
            )
            for route in plan.routes
        )
    )


def remarks(problem: Problem) -> list[str]:
    """Return what is odd about a sound problem and may be meant.

    Detours shorter than the direct way; chargers a truck has no curve for; windows shorter than
    the service, which may begin in them but not end there.
    """
    found = []
    travel = problem.travel
    count = len(travel.places)
    over = range(count)
    if count > _MOST_PLACES_FOR_ALL:
        over = range(0, count, math.ceil(count / _MOST_PLACES_FOR_ALL))
    for name in ("distance_m", "duration_s"):
        table = getattr(travel, name)
        broken, worst = 0, (0.0, 0, 0, 0)
        for k in over:
            with np.errstate(invalid="ignore"):
                saved = table - (table[:, k, None] + table[None, k, :])
            saved[~np.isfinite(saved)] = 0.0
            saved[saved <= 1e-9 * np.where(np.isfinite(table), table, 0.0)] = 0.0
            broken += int(np.count_nonzero(saved))
            i, j = np.unravel_index(int(np.argmax(saved)), saved.shape)
            worst = max(worst, (float(saved[i, j]), int(i), int(k), int(j)))
        if broken:
            saved_most, *at = worst
            names = [travel.places[place] for place in (at[0], at[2], at[1])]
            found.append(
                f"travel.{name}: {broken} detours are shorter than the direct way"
                + ("" if len(over) == count else f" (looked at over {len(over)} places)")
                + f"; from {names[0]} to {names[1]} over {names[2]} saves {saved_most:g}"
            )
    tight = [
        stop.id for stop in problem.stops
        if max(end - begin for begin, end in stop.windows) < stop.service_s
    ]  # fmt: skip
    if tight:
        named = ", ".join(tight[:_MOST_NAMED]) + (" ..." if len(tight) > _MOST_NAMED else "")
        found.append(
            f"stops: at {len(tight)} no window is as long as the service ({named}): it begins "
            "inside and ends after it; open the window for longer if it is to end inside"
        )
    for truck in problem.trucks:
        lost = [
            charger.id for charger in problem.chargers
            if truck.battery_kwh is not None and charger.technology >= len(truck.charging)
        ]  # fmt: skip
        if lost:
            found.append(f"trucks {truck.id}: no charging curve for {', '.join(lost)}")
    return found


def _cut_off(problem: Problem) -> list[InputError]:
    """Return sites and chargers that no truck can reach and leave."""
    way = np.isfinite(problem.travel.distance_m)
    found = []
    things = [("sites", i, x.id, x.place) for i, x in enumerate(problem.sites)]
    things += [("chargers", i, x.id, x.place) for i, x in enumerate(problem.chargers)]
    for name, i, title, place in things:
        if not any(way[t.start, place] and way[place, t.end] for t in problem.trucks):
            found.append(
                InputError(
                    "no road leads there and away", where=f"{name}[{i}] {title}",
                    value=problem.travel.places[place],
                    hint="join it to the streets, or leave it out",
                )
            )  # fmt: skip
    return found


def unservable(problem: Problem) -> dict[int, InputError]:
    """Return why, for each stop that no truck could serve even if it were the only one.

    The reason is that of the truck type that comes closest: the last hurdle it fails at.
    """
    reaches = [Reach(problem, k) for k in range(len(problem.trucks))]
    found = {}
    for i, stop in enumerate(problem.stops):
        best: tuple[int, str, str] | None = None
        for k, truck in enumerate(problem.trucks):
            failure = _failure(problem, stop, truck, k, reaches[k])
            if failure is None:
                break
            if best is None or failure[0] > best[0]:
                best = failure
        else:
            assert best is not None
            found[i] = InputError(
                best[1], where=f"stops[{i}] {stop.id}", value=problem.travel.places[stop.place],
                hint=best[2],
            )  # fmt: skip
    return found


def _failure(
    problem: Problem, stop: Stop, truck: TruckType, kind: int, reach: Reach
) -> tuple[int, str, str] | None:
    """Return (hurdle, what fails, what would help) of one truck type at one stop; none if fine."""
    if truck.count == 0 or (stop.truck_types is not None and kind not in stop.truck_types):
        return 0, "no truck may serve it", "let a truck type serve it, or add such a truck"
    for d, amount in enumerate(stop.demand):
        limit = truck.capacity[d]
        if truck.day_capacity is not None:
            limit = min(limit, truck.day_capacity[d])
        if amount > limit * (1.0 + 1e-9):
            return (
                1,
                f"heavier than every truck that may serve it: {amount:g} "
                f"{problem.dimensions[d]}, the most is {limit:g} ({truck.id})",
                f"split it, or use a truck for {amount:g}",
            )
    if truck.most_stops == 0:
        return 1, f"{truck.id} may serve no stop", "raise most_stops"
    tour = reach.shortest(stop)
    if tour.unemptied is not None:
        return (
            2,
            f"no site that can be reached accepts {problem.dimensions[tour.unemptied]}",
            "let a site accept it, or let the truck end with it on board",
        )
    if not math.isfinite(tour.distance_m):
        return 2, "no road leads there and back", "join it to the streets, or open a closed one"
    if tour.distance_m > truck.most_distance_m * (1.0 + 1e-9):
        return (
            3,
            f"the way there and back is {tour.distance_m:g} m, "
            f"{truck.id} drives at most {truck.most_distance_m:g}",
            f"allow {tour.distance_m:g} m",
        )
    return _late(stop, truck, reach) or _empty_battery(stop, truck, reach)


def _late(stop: Stop, truck: TruckType, reach: Reach) -> tuple[int, str, str] | None:
    times = reach.earliest(stop)
    last = max(end for _, end in stop.windows)
    if times.arrive_s > last + 1e-6:
        return (
            4,
            f"the service cannot begin in its window: {truck.id} arrives at "
            f"{times.arrive_s:g} s at the earliest, the window ends at {last:g} s",
            f"let the window last until {times.arrive_s:g} s, or the shift begin "
            f"{times.arrive_s - last:g} s earlier",
        )
    latest = truck.shift_s[1] + truck.overtime_s
    if times.back_s > latest + 1e-6:
        return (
            5,
            f"{truck.id} would be back at {times.back_s:g} s at the earliest, "
            f"its shift ends at {latest:g} s",
            f"prolong the shift by {times.back_s - latest:g} s, or open the window earlier",
        )
    if times.least_duration_s > truck.most_duration_s + 1e-6:
        return (
            5,
            f"the route takes {times.least_duration_s:g} s at least, "
            f"{truck.id} is out at most {truck.most_duration_s:g}",
            f"allow {times.least_duration_s:g} s",
        )
    return None


def _empty_battery(stop: Stop, truck: TruckType, reach: Reach) -> tuple[int, str, str] | None:
    if truck.battery_kwh is None:
        return None
    short_kwh, charger = reach.energy_short_kwh(stop)
    if short_kwh <= 1e-6:
        return None
    near = f", the nearest charger is {charger}" if charger else ", and there is no charger"
    more = (
        f"{short_kwh:g} kWh more of battery would do, or a charger nearer to it"
        if math.isfinite(short_kwh)
        else "a charger on the way is needed"
    )
    return 6, f"beyond the reach of the battery of {truck.id}{near}", more
