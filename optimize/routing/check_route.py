"""One route followed from start to end, as the checker does."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

from optimize.routing.plan import Route, Visit
from optimize.routing.problem import ChargingCurve, Problem, Travel, Windows

Kind = Literal[
    "break", "capacity", "charger", "charging", "compatibility", "day_capacity", "driving_rule",
    "duration", "distance", "end_empty", "end_energy", "energy", "fleet", "guns", "load", "no_way",
    "release", "reserve", "service", "shift", "stop_once", "stops", "structure", "time", "window",
]  # fmt: skip

ENERGY_TOLERANCE_KWH = 1e-6


@dataclass(frozen=True)
class Violation:
    """A broken rule.

    Attributes
    ----------
    kind
        Which rule.
    what
        What happens, with names and figures.
    route, visit
        Where: index of the route in the plan and of the visit in the route, if it is there.
    """

    kind: Kind
    what: str
    route: int | None = None
    visit: int | None = None

    def __str__(self) -> str:
        place = "" if self.route is None else f"route {self.route}"
        place += "" if self.visit is None else f", visit {self.visit}"
        return f"{self.kind}: {place + ': ' if place else ''}{self.what}"


def time_tolerance_s(moment_s: float) -> float:
    """Return how far two moments may be apart and still be one: 1e-6 s and 1e-9 of the moment."""
    return 1e-6 + 1e-9 * abs(moment_s) if math.isfinite(moment_s) else 0.0


def driven_until_s(travel: Travel, leave_s: float, driving_s: float) -> float:
    """Return when a drive that takes `driving_s` at factor 1 ends, interval by interval."""
    left, now = driving_s, leave_s
    last = len(travel.speed_factor) - 1
    for k in range(last + 1):
        until = float(travel.factor_from_s[k + 1]) if k < last else math.inf
        if now >= until:
            continue
        factor = float(travel.speed_factor[k])
        if left <= (until - now) * factor:
            return now + left / factor
        left -= (until - now) * factor
        now = until
    return math.inf


def _at_charger_s(curve: ChargingCurve, energy_kwh: float) -> float:
    """Return the time at which a charging curve has reached an energy."""
    energy = min(max(energy_kwh, curve.energy_kwh[0]), curve.energy_kwh[-1])
    for k in range(1, len(curve.energy_kwh)):
        low, high = curve.energy_kwh[k - 1], curve.energy_kwh[k]
        if energy <= high:
            share = (energy - low) / (high - low)
            return curve.time_s[k - 1] + share * (curve.time_s[k] - curve.time_s[k - 1])
    return curve.time_s[-1]


class RouteCheck:
    """Follows a route; ``followed`` tells whether it could be, from start to end.

    Parameters
    ----------
    number
        Index of the route in its plan; its truck type is one that exists.
    """

    def __init__(self, problem: Problem, route: Route, number: int) -> None:
        self.route = route
        self.number = number
        self.violations: list[Violation] = []
        self.distance_m = self.driving_s = self.energy_kwh = self.charged_kwh = 0.0
        self.duration_s = self.overtime_s = 0.0
        self._problem = problem
        self._truck = problem.trucks[route.truck_type]
        self._check_structure()
        self.followed = not self.violations
        if self.followed:
            self._follow()
            self._check_breaks()
            self._check_limits()

    def _add(self, kind: Kind, what: str, visit: int | None = None) -> None:
        self.violations.append(Violation(kind, what, self.number, visit))

    def _name(self, visit: Visit) -> str:
        if visit.kind == "stop":
            return self._problem.stops[visit.index].id
        if visit.kind == "site":
            return self._problem.sites[visit.index].id
        if visit.kind == "charger":
            return self._problem.chargers[visit.index].id
        return f"{visit.kind} {visit.index}" if visit.kind == "break" else visit.kind

    # --- structure ----------------------------------------------------------------------------

    def _check_structure(self) -> None:
        visits = self.route.visits
        if len(visits) < 2 or visits[0].kind != "start" or visits[-1].kind != "end":
            self._add("structure", "the route does not run from a start to an end")
            return
        for i, visit in enumerate(visits):
            place = self._place(i, visit)
            if place is None:
                self._add("structure", f"there is no {visit.kind} {visit.index} here", i)
            elif visit.place != place:
                name = self._name(visit)
                self._add("structure", f"{name} is at place {place}, not {visit.place}", i)
            if not all(map(math.isfinite, (visit.arrive_s, visit.begin_s, visit.end_s))):
                self._add("structure", "a time is missing or infinite", i)
            if len(visit.load) != len(self._problem.dimensions):
                self._add("structure", f"{len(visit.load)} loads are given", i)

    def _place(self, i: int, visit: Visit) -> int | None:
        """Return where a visit should be; none if there is no such thing."""
        problem, truck, visits = self._problem, self._truck, self.route.visits
        last = len(visits) - 1
        if (visit.kind == "start") != (i == 0) or (visit.kind == "end") != (i == last):
            return None
        if visit.kind in ("start", "end"):
            return (truck.start if i == 0 else truck.end) if visit.index == 0 else None
        if visit.kind == "break":
            if not 0 <= visit.index < len(truck.breaks):
                return None
            after = next(v.place for v in visits[i + 1 :] if v.kind != "break")
            before = visits[i - 1].place
            return after if visit.place == after else before
        index = visit.index
        if visit.kind == "stop":
            return problem.stops[index].place if 0 <= index < len(problem.stops) else None
        if visit.kind == "site":
            return problem.sites[index].place if 0 <= index < len(problem.sites) else None
        return problem.chargers[index].place if 0 <= index < len(problem.chargers) else None

    # --- from visit to visit ------------------------------------------------------------------

    def _follow(self) -> None:
        problem, truck, visits = self._problem, self._truck, self.route.visits
        self._load = list(truck.start_load) or [0.0] * len(problem.dimensions)
        self._taken = [0.0] * len(problem.dimensions)
        battery = truck.battery_kwh
        self._energy = math.nan
        if battery is not None:
            self._energy = battery if truck.start_kwh is None else truck.start_kwh
        # By how much the plan was already told to be wrong: one mistake is told once.
        self._energy_off_kwh = 0.0
        self._load_off = [0.0] * len(problem.dimensions)
        self._trip_from_s = visits[0].end_s
        self._since_rest_s = 0.0
        self._check_moment(0, visits[0])
        self._check_loads(0, visits[0])
        self._check_energy(0, visits[0].energy_arrive_kwh, "on arrival")
        self._check_energy(0, visits[0].energy_end_kwh, "on departure")
        if visits[0].end_s < truck.shift_s[0] - time_tolerance_s(truck.shift_s[0]):
            text = f"starts at {visits[0].end_s:g} s, before the shift at {truck.shift_s[0]:g} s"
            self._add("shift", text, 0)
        for i in range(1, len(visits)):
            self._drive(i)
            self._stand(i, visits[i])

    def _drive(self, i: int) -> None:
        before, visit = self.route.visits[i - 1], self.route.visits[i]
        travel, truck = self._problem.travel, self._truck
        metres = seconds = 0.0
        if before.place != visit.place:
            metres = float(travel.distance_m[before.place, visit.place])
            seconds = float(travel.duration_s[before.place, visit.place])
        if not (math.isfinite(metres) and math.isfinite(seconds)):
            names = travel.places[before.place], travel.places[visit.place]
            self._add("no_way", f"no way leads from {names[0]} to {names[1]}", i)
            metres, arrive = 0.0, visit.arrive_s
        else:
            arrive = driven_until_s(travel, before.end_s, seconds)
            if not abs(visit.arrive_s - arrive) <= time_tolerance_s(arrive):
                text = f"{self._name(visit)} is reached at {arrive:.9g} s, not {visit.arrive_s:.9g}"
                self._add("time", text, i)
        wheel_s = arrive - before.end_s
        self.distance_m += metres
        self.driving_s += wheel_s
        self._since_rest_s += wheel_s
        rule = truck.driving_rule
        if rule and self._since_rest_s > rule.driving_s + time_tolerance_s(rule.driving_s):
            text = f"{self._since_rest_s:g} s at the wheel without a rest of {rule.rest_s:g} s"
            self._add("driving_rule", text, i)
            self._since_rest_s = 0.0  # one excess is told once
        per_m = truck.kwh_per_m
        for d, rate in enumerate(truck.kwh_per_m_unit):
            per_m += rate * self._load[d]
        self._spend(metres * per_m)

    def _spend(self, kwh: float) -> None:
        self.energy_kwh += kwh
        self._energy -= kwh

    def _stand(self, i: int, visit: Visit) -> None:
        self._check_moment(i, visit)
        self._check_energy(i, visit.energy_arrive_kwh, "on arrival")
        needed = 0.0
        if visit.kind == "stop":
            needed = self._serve(i, visit)
        elif visit.kind == "site":
            needed = self._unload(i, visit)
        elif visit.kind == "charger":
            needed = self._charge(i, visit)
        elif visit.kind == "break":
            needed = self._truck.breaks[visit.index].duration_s
        if visit.end_s - visit.begin_s < needed - time_tolerance_s(visit.end_s):
            text = f"{self._name(visit)} takes {needed:g} s, not {visit.end_s - visit.begin_s:g}"
            self._add("charging" if visit.kind == "charger" else "service", text, i)
        self._check_energy(i, visit.energy_end_kwh, "on departure")
        self._check_loads(i, visit)
        if visit.kind == "site":
            self._trip_from_s = visit.end_s
        rule = self._truck.driving_rule
        stood = visit.end_s - visit.arrive_s
        if rule and stood >= rule.rest_s - time_tolerance_s(visit.end_s):
            self._since_rest_s = 0.0

    def _serve(self, i: int, visit: Visit) -> float:
        truck, stop = self._truck, self._problem.stops[visit.index]
        if stop.truck_types is not None and self.route.truck_type not in stop.truck_types:
            self._add("compatibility", f"{truck.id} may not serve {stop.id}", i)
        self._check_window(i, visit, stop.windows)
        if self._trip_from_s < stop.release_s - time_tolerance_s(stop.release_s):
            text = f"the trip to {stop.id} begins at {self._trip_from_s:g} s, "
            self._add("release", text + f"before its release at {stop.release_s:g} s", i)
        work = stop.energy_kwh
        for d, amount in enumerate(stop.demand):
            self._load[d] += amount
            self._taken[d] += amount
            if truck.compaction_kwh_per_unit:
                work += truck.compaction_kwh_per_unit[d] * amount
        self._spend(work)
        for d, amount in enumerate(self._load):
            limit = truck.capacity[d]
            if stop.demand[d] > 0.0 and amount > limit + 1e-6 * max(1.0, limit):
                what = f"{amount:g} {self._problem.dimensions[d]} on board after {stop.id}"
                self._add("capacity", f"{what}, {truck.id} carries {limit:g}", i)
        return stop.service_s

    def _unload(self, i: int, visit: Visit) -> float:
        site = self._problem.sites[visit.index]
        self._check_window(i, visit, site.windows)
        needed = site.unload_s
        for d, accepted in enumerate(site.accepts):
            if accepted:
                if site.unload_s_per_unit:
                    needed += site.unload_s_per_unit[d] * self._load[d]
                self._load[d] = 0.0
        return needed

    def _charge(self, i: int, visit: Visit) -> float:
        charger, truck = self._problem.chargers[visit.index], self._truck
        self._check_window(i, visit, charger.windows)
        if truck.battery_kwh is None or not 0 <= charger.technology < len(truck.charging):
            self._add("charger", f"{truck.id} cannot charge at {charger.id}", i)
            return 0.0
        wanted = visit.energy_end_kwh
        low, full = self._energy - ENERGY_TOLERANCE_KWH, truck.battery_kwh
        if not low <= wanted <= full + ENERGY_TOLERANCE_KWH:
            text = f"leaves {charger.id} with {wanted:g} kWh, arrived with {self._energy:g} of "
            self._add("charging", text + f"{full:g}", i)
            return 0.0
        if self._problem.recharge == "full" and wanted < full - ENERGY_TOLERANCE_KWH:
            text = f"leaves {charger.id} with {wanted:g} of {full:g} kWh, though it must be full"
            self._add("charging", text, i)
        curve = truck.charging[charger.technology]
        needed = _at_charger_s(curve, wanted) - _at_charger_s(curve, self._energy)
        self.charged_kwh += wanted - self._energy
        self._energy = wanted
        self._energy_off_kwh = 0.0
        return needed

    # --- single rules -------------------------------------------------------------------------

    def _check_moment(self, i: int, visit: Visit) -> None:
        tolerance = time_tolerance_s(visit.end_s)
        if visit.begin_s < visit.arrive_s - tolerance or visit.end_s < visit.begin_s - tolerance:
            self._add("time", f"{self._name(visit)} begins before arrival or ends before begin", i)
        elif visit.kind in ("start", "end") and visit.end_s > visit.arrive_s + tolerance:
            self._add("time", f"the {visit.kind} is more than a moment", i)

    def _check_window(self, i: int, visit: Visit, windows: Windows) -> None:
        tolerance = time_tolerance_s(visit.begin_s)
        for begin, end in windows:
            if begin - tolerance <= visit.begin_s <= end + tolerance:
                return
        text = f"{self._name(visit)} begins at {visit.begin_s:.9g} s, outside {list(windows)}"
        self._add("window", text, i)

    def _check_energy(self, i: int, declared_kwh: float, when: str) -> None:
        truck = self._truck
        if truck.battery_kwh is None:
            return
        name = self._name(self.route.visits[i])
        off = declared_kwh - self._energy
        if abs(off) <= ENERGY_TOLERANCE_KWH:
            self._energy_off_kwh = 0.0
        elif not abs(off - self._energy_off_kwh) <= ENERGY_TOLERANCE_KWH:
            self._energy_off_kwh = off if math.isfinite(off) else 0.0
            text = f"{self._energy:.9g} kWh {when} at {name}, not {declared_kwh:.9g}"
            self._add("energy", text, i)
        if self._energy < truck.reserve_kwh - ENERGY_TOLERANCE_KWH:
            text = f"{self._energy:.9g} kWh {when} at {name}, below {truck.reserve_kwh:g}"
            self._add("reserve", text, i)

    def _check_loads(self, i: int, visit: Visit) -> None:
        for d, amount in enumerate(self._load):
            off, tolerance = visit.load[d] - amount, 1e-6 * max(1.0, abs(amount))
            if abs(off) <= tolerance:
                self._load_off[d] = 0.0
            elif not abs(off - self._load_off[d]) <= tolerance:
                self._load_off[d] = off if math.isfinite(off) else 0.0
                what = f"{amount:g} {self._problem.dimensions[d]} on board after "
                self._add("load", f"{what}{self._name(visit)}, not {visit.load[d]:g}", i)

    # --- the whole route ----------------------------------------------------------------------

    def _check_breaks(self) -> None:
        visits = self.route.visits
        start, end = visits[0].end_s, visits[-1].arrive_s
        for number, rule in enumerate(self._truck.breaks):
            taken = [i for i, v in enumerate(visits) if v.kind == "break" and v.index == number]
            for i in taken:
                begin, tolerance = visits[i].begin_s, time_tolerance_s(visits[i].begin_s)
                if not rule.earliest_s - tolerance <= begin <= rule.latest_s + tolerance:
                    text = f"break {number} begins at {begin:g} s, outside "
                    self._add("break", text + f"{rule.earliest_s:g} to {rule.latest_s:g} s", i)
            tolerance = time_tolerance_s(rule.latest_s)
            due = start < rule.latest_s - tolerance and end > rule.latest_s + tolerance
            if len(taken) > 1 or (due and not taken):
                self._add("break", f"break {number} is taken {len(taken)} times")

    def _check_limits(self) -> None:
        truck, visits = self._truck, self.route.visits
        last = len(visits) - 1
        end = visits[last].arrive_s
        self.duration_s = end - visits[0].end_s
        self.overtime_s = max(0.0, end - truck.shift_s[1])
        latest = truck.shift_s[1] + truck.overtime_s
        if end > latest + time_tolerance_s(latest):
            self._add("shift", f"ends at {end:.9g} s, after {latest:.9g} s", last)
        if self.distance_m > truck.most_distance_m * (1.0 + 1e-9) + 1e-6:
            self._add("distance", f"{self.distance_m:g} m, at most {truck.most_distance_m:g}")
        if self.duration_s > truck.most_duration_s + time_tolerance_s(truck.most_duration_s):
            self._add("duration", f"{self.duration_s:g} s, at most {truck.most_duration_s:g}")
        stops = sum(visit.kind == "stop" for visit in visits)
        if truck.most_stops is not None and stops > truck.most_stops:
            self._add("stops", f"{stops} stops, at most {truck.most_stops}")
        for d, taken in enumerate(self._taken):
            if truck.day_capacity is not None:
                limit = truck.day_capacity[d]
                if taken > limit + 1e-6 * max(1.0, limit):
                    text = f"{taken:g} {self._problem.dimensions[d]} taken on in all trips"
                    self._add("day_capacity", f"{text}, at most {limit:g}")
        if truck.must_end_empty and max(self._load, default=0.0) > 1e-6:
            self._add("end_empty", f"ends with {self._load} on board", last)
        if truck.battery_kwh is not None and self._energy < truck.end_kwh - ENERGY_TOLERANCE_KWH:
            self._add("end_energy", f"ends with {self._energy:g} of {truck.end_kwh:g} kWh", last)
