"""A problem as PyVRP's ProblemData, in whole numbers that never make a plan look better."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyvrp
from numpy.typing import NDArray

from optimize.routing.engines.routes import Order
from optimize.routing.problem import Problem, Site, TruckType
from optimize.routing.timetable import Call

Ints = NDArray[Any]

# The longest arc becomes about this many units, unless all figures are whole numbers already.
_RESOLUTION = 1e7
_WHOLE_UP_TO = 1e9
# Forbidden arcs cost this much; PyVRP accepts up to 2 ** 44.
_NEVER = 1 << 40
_MOST = (1 << 62) - 1
# Steps of the dearest truck's price of a metre or second.
_PRICE_STEPS = 1000


def _scale(values: NDArray[np.float64]) -> float:
    """Return units per second or metre: 1 if all are whole, else from the longest."""
    finite = values[np.isfinite(values)]
    longest = float(finite.max(initial=0.0))
    if longest == 0.0:
        return 1.0
    if longest < _WHOLE_UP_TO and bool((finite == np.round(finite)).all()):
        return 1.0
    return 10.0 ** math.floor(math.log10(_RESOLUTION / longest))


def _up(value: float, scale: float) -> int:
    return _MOST if math.isinf(value) else math.ceil(value * scale - 1e-6)


def _down(value: float, scale: float) -> int:
    return _MOST if math.isinf(value) else math.floor(value * scale + 1e-6)


@dataclass(frozen=True)
class Translation:
    """PyVRP's data and what its numbers stand for."""

    problem: Problem
    data: pyvrp.ProblemData
    stop_of_client: tuple[int, ...]
    site_of_depot: tuple[int | None, ...]
    last_site: dict[tuple[int, int], int]
    price: float

    def orders(self, solution: pyvrp.Solution) -> list[Order]:
        """Return the order of each route of a PyVRP solution."""
        found = []
        for route in solution.routes():
            truck_type = route.vehicle_type()
            truck = self.problem.trucks[truck_type]
            calls: list[Call] = []
            activities = list(route.schedule())
            for activity in activities[1:-1]:
                if activity.is_client():
                    calls.append(Call("stop", self.stop_of_client[activity.idx]))
                else:
                    site = self.site_of_depot[activity.idx]
                    assert site is not None
                    if not calls or calls[-1].kind != "site":
                        calls.append(Call("site", site))
            if truck.must_end_empty and calls and calls[-1].kind == "stop":
                place = self.problem.stops[calls[-1].index].place
                calls.append(Call("site", self.last_site[truck_type, place]))
            if any(call.kind == "stop" for call in calls):
                found.append(Order(truck_type, tuple(calls)))
        return found


class Translator:
    """Builds a `Translation` step by step."""

    def __init__(self, problem: Problem) -> None:
        self.problem = problem
        travel = problem.travel
        moments = [
            value
            for stop in problem.stops
            for value in (stop.service_s, stop.release_s, *(v for w in stop.windows for v in w))
        ]
        moments += [site.unload_s for site in problem.sites]
        factor = float(travel.speed_factor[0])
        self.seconds = travel.duration_s / factor
        self.time = _scale(np.concatenate((self.seconds.ravel(), moments)))
        self.length = _scale(travel.distance_m)
        self.loads = [
            _scale(
                np.array(
                    [stop.demand[d] for stop in problem.stops]
                    + [truck.capacity[d] for truck in problem.trucks]
                )
            )
            for d in range(len(problem.dimensions))
        ]
        self.last_site: dict[tuple[int, int], int] = {}
        # Price of money: units of PyVRP's cost per unit of ours.
        self.price = self._price()

    def _price(self) -> float:
        per_unit = [
            rate
            for truck in self.problem.trucks
            for rate in (self._per_m(truck) / self.length, truck.cost_per_s / self.time)
            if rate > 0.0
        ]
        if not per_unit:
            return 1.0
        if max(per_unit) - min(per_unit) <= 1e-12 * max(per_unit):
            return 1.0 / max(per_unit)
        return _PRICE_STEPS / max(per_unit)

    def _per_m(self, truck: TruckType) -> float:
        """Return the cost of a metre, with energy at half load."""
        kwh = truck.kwh_per_m + math.fsum(
            rate * most / 2.0
            for rate, most in zip(truck.kwh_per_m_unit, truck.capacity, strict=False)
            if math.isfinite(most)
        )
        return truck.cost_per_m + truck.cost_per_kwh * kwh

    def translate(self) -> Translation:
        problem = self.problem
        clients: list[pyvrp.Client] = []
        groups: list[pyvrp.ClientGroup] = []
        stop_of_client: list[int] = []
        for i, stop in enumerate(problem.stops):
            optional = math.isfinite(stop.penalty)
            group = None
            if len(stop.windows) > 1:
                group = len(groups)
                first = len(clients)
                members = list(range(first, first + len(stop.windows)))
                groups.append(pyvrp.ClientGroup(members, required=not optional))
            for begin, end in stop.windows:
                clients.append(
                    pyvrp.Client(
                        stop.place,
                        pickup=self._load(stop.demand),
                        service_duration=_up(stop.service_s, self.time),
                        tw_early=max(_up(begin, self.time), 0),
                        tw_late=_down(end, self.time),
                        release_time=_up(stop.release_s, self.time),
                        prize=round(stop.penalty * self.price) if optional else 0,
                        required=not optional and group is None,
                        group=group,
                    )
                )
                stop_of_client.append(i)
        depots: list[pyvrp.Depot] = []
        site_of_depot: list[int | None] = []
        reloads = []
        for s, site in enumerate(problem.sites):
            reloads.append(len(depots))
            site_of_depot.append(s)
            depots.append(self._site(site))
        places = len(problem.travel.places)
        ends = [places + t for t in range(len(problem.trucks))]
        profiles, distances, durations = self._profiles()
        vehicles = []
        for t, truck in enumerate(problem.trucks):
            start, end = len(depots), len(depots) + 1
            depots += [pyvrp.Depot(truck.start), pyvrp.Depot(ends[t])]
            site_of_depot += [None, None]
            vehicles.append(self._vehicle(truck, start, end, reloads, profiles[t]))
        locations = [pyvrp.Location(0, 0) for _ in range(places + len(problem.trucks))]
        for k, (x, y) in enumerate(np.nan_to_num(problem.travel.xy_m)):
            locations[k] = pyvrp.Location(float(x), float(y))
        data = pyvrp.ProblemData(locations, clients, depots, vehicles, distances, durations, groups)
        return Translation(
            problem, data, tuple(stop_of_client), tuple(site_of_depot), self.last_site, self.price
        )

    def _load(self, amounts: tuple[float, ...]) -> list[int]:
        return [_up(a, scale) for a, scale in zip(amounts, self.loads, strict=True)]

    def _site(self, site: Site) -> pyvrp.Depot:
        begin, end = site.windows[0]
        return pyvrp.Depot(
            site.place,
            tw_early=max(_up(begin, self.time), 0),
            tw_late=_down(end, self.time),
            service_duration=_up(site.unload_s, self.time),
        )

    def _profiles(self) -> tuple[list[int], list[Any], list[Any]]:
        """Return the profile of each type; types that drive alike share one."""
        known: dict[tuple[object, ...], int] = {}
        profiles: list[int] = []
        distances: list[Any] = []
        durations: list[Any] = []
        restricted = any(stop.truck_types is not None for stop in self.problem.stops)
        for t, truck in enumerate(self.problem.trucks):
            key = (truck.end, truck.must_end_empty, t if restricted else None)
            if key not in known:
                known[key] = len(distances)
                distance, duration = self._matrices(t)
                distances.append(distance)
                durations.append(duration)
            elif truck.must_end_empty:
                first = next(
                    u for u, other in enumerate(self.problem.trucks) if profiles[u] == known[key]
                )
                for (u, place), site in list(self.last_site.items()):
                    if u == first:
                        self.last_site[t, place] = site
            profiles.append(known[key])
        return profiles, distances, durations

    def _matrices(self, truck_type: int) -> tuple[Ints, Ints]:
        """Return distances and times with an end location for every type.

        The way to the end of a truck that must end empty leads over the best site.
        """
        problem, truck = self.problem, self.problem.trucks[truck_type]
        places = len(problem.travel.places)
        size = places + len(problem.trucks)
        metres = np.full((size, size), np.inf)
        seconds = np.full((size, size), np.inf)
        metres[:places, :places] = problem.travel.distance_m
        seconds[:places, :places] = self.seconds
        np.fill_diagonal(metres, 0.0)
        np.fill_diagonal(seconds, 0.0)
        home_m, home_s = metres[:places, truck.end].copy(), seconds[:places, truck.end].copy()
        if truck.must_end_empty:
            direct = {truck.start} | {site.place for site in problem.sites}
            for place in range(places):
                if place in direct and place not in {stop.place for stop in problem.stops}:
                    continue
                options = []
                for s, site in enumerate(problem.sites):
                    there_m = metres[place, site.place] + metres[site.place, truck.end]
                    there_s = seconds[place, site.place] + seconds[site.place, truck.end]
                    cost = there_m * truck.cost_per_m + there_s * truck.cost_per_s
                    options.append((cost, there_s, s, there_m, there_s + site.unload_s))
                _, _, best, home_m[place], home_s[place] = min(options)
                self.last_site[truck_type, place] = best
        for t in range(len(problem.trucks)):
            metres[:places, places + t] = home_m
            seconds[:places, places + t] = home_s
        for stop in problem.stops:
            if stop.truck_types is not None and truck_type not in stop.truck_types:
                metres[:, stop.place] = seconds[:, stop.place] = np.inf
        np.fill_diagonal(metres, 0.0)
        np.fill_diagonal(seconds, 0.0)
        closed = ~(np.isfinite(metres) & np.isfinite(seconds))
        metres[closed] = seconds[closed] = 0.0
        distance = np.round(metres * self.length).astype(np.int64)
        duration = np.ceil(seconds * self.time - 1e-6).astype(np.int64)
        distance[closed] = duration[closed] = _NEVER
        return distance, duration

    def _vehicle(
        self, truck: TruckType, start: int, end: int, reloads: list[int], profile: int
    ) -> pyvrp.VehicleType:
        problem = self.problem
        most = len(problem.stops) if truck.count is None else min(truck.count, len(problem.stops))
        fixed = truck.cost_fixed * self.price
        if problem.objective == "trucks_then_cost":
            fixed += self._worth_a_truck()
        return pyvrp.VehicleType(
            num_available=max(most, 1),
            capacity=[_down(c, s) for c, s in zip(truck.capacity, self.loads, strict=True)],
            start_depot=start,
            end_depot=end,
            fixed_cost=round(fixed),
            tw_early=_up(truck.shift_s[0], self.time),
            tw_late=_down(truck.shift_s[1] + truck.overtime_s, self.time),
            shift_duration=_down(truck.most_duration_s, self.time),
            max_distance=_down(truck.most_distance_m, self.length),
            unit_distance_cost=round(self._per_m(truck) / self.length * self.price),
            unit_duration_cost=round(truck.cost_per_s / self.time * self.price),
            profile=profile,
            reload_depots=reloads,
        )

    def _worth_a_truck(self) -> float:
        """Return a fixed cost that outweighs what a truck less costs in distance and time."""
        problem = self.problem
        truck = max(problem.trucks, key=lambda t: self._per_m(t) + t.cost_per_s)
        metres = problem.travel.distance_m
        seconds = self.seconds
        used = [stop.place for stop in problem.stops]
        cost = (
            metres[truck.start, used] * self._per_m(truck)
            + seconds[truck.start, used] * truck.cost_per_s
        )
        finite = cost[np.isfinite(cost)]
        return 20.0 * float(finite.max(initial=1.0)) * self.price
