"""The planner that is always there: the nearest feasible insertion, one stop after the other."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from sim.kernel.planner import PlanningState, Task, VehicleState

if TYPE_CHECKING:
    from sim.fleet.inputs import FleetInputs

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Routes = dict[str, list[Task]]


class NearestInsertion:
    """Keeps orders as they are, and puts what has to move where it makes the least detour.

    A route is feasible if it ends in time at the speeds of the hour, with a way to the nearest
    site whenever the next stop would overload the truck; energy is left to the truck, which
    charges when it must.
    """

    def __init__(self, inputs: FleetInputs) -> None:
        self._inputs = inputs
        t: Any = inputs.tables
        self._types = {row.id: row for row in t["truck_types"]}
        self._sites = {row.id: row for row in t["sites"]}
        self._points = {point.id: point for point in inputs.points}
        located = (*inputs.points, *t["sites"], *t["chargers"])
        # A case without trucks has no places, and never asks.
        self._place = {row.id: inputs.places.get(row.place, -1) for row in located}

    def replan(self, state: PlanningState) -> Mapping[str, tuple[Task, ...]]:
        """Return new tasks (see `sim.kernel.planner.Planner`)."""
        vehicles = {v.id: v for v in state.vehicles}
        routes: Routes = {v.id: list(v.tasks) for v in state.vehicles}
        loose = list(state.unassigned)
        if state.reason in ("site_stopped", "site_resumed"):
            self._avoid_closed(state, routes)
        elif state.reason in ("truck_down", "street_changed"):
            for name in sorted(state.affected):
                loose += [t.target for t in routes[name] if t.kind == "stop"]
                routes[name] = [t for t in routes[name] if t.kind != "stop"]
        insertion = _Insertion(self, state, vehicles, routes)
        may = None  # whoever makes the least detour
        if state.reason == "street_changed":
            may = state.affected
        for stop in insertion.by_distance(loose):
            if not insertion.put(stop, may) and may is not None:
                insertion.put(stop, None)
        if state.reason == "truck_down":
            insertion.give_back(sorted(state.affected))
        return {
            name: tuple(tasks)
            for name, tasks in routes.items()
            if tuple(tasks) != vehicles[name].tasks
        }

    def _avoid_closed(self, state: PlanningState, routes: Routes) -> None:
        """Send those who were to unload at a closed site to the nearest open one instead."""
        is_open = {site.id: site.open for site in state.sites}
        for name in sorted(state.affected):
            for k, task in enumerate(routes[name]):
                if task.kind != "site" or is_open[task.target]:
                    continue
                streams = set(self._sites[task.target].streams.split())
                here = self._place[task.target]
                others = [
                    (float(state.duration_s[here, self._place[other]]), other)
                    for other, row in self._sites.items()
                    if is_open[other] and streams <= set(row.streams.split())
                ]
                if others:
                    routes[name][k] = Task("site", min(others)[1], None, task.not_before_s)


class _Insertion:
    """Routes under construction."""

    def __init__(
        self,
        planner: NearestInsertion,
        state: PlanningState,
        vehicles: Mapping[str, VehicleState],
        routes: Routes,
    ) -> None:
        self._p = planner
        self._state = state
        self._vehicles = vehicles
        self._routes = routes
        self._left: list[str] = []
        self._names = [v.id for v in state.vehicles if not v.down]
        self._gaps = {name: self._gaps_of(name) for name in self._names}
        self._join()

    def by_distance(self, stops: list[str]) -> list[str]:
        """Return stops, those furthest from the first depot first: they have the least choice."""
        if not self._vehicles:
            return []
        depot = self._state.places[next(iter(self._vehicles.values())).depot]
        far = self._state.duration_s[depot]
        return sorted(stops, key=lambda s: (-far[self._p._place[s]], s))

    def put(self, stop: str, may: frozenset[str] | None) -> bool:
        """Insert a stop where the detour is least among feasible routes; false if there is none."""
        to, duration = self._p._place[stop], self._state.duration_s
        if not self._names:
            self._left.append(stop)
            return False
        reach = duration[self._before, to]
        reach[self._first] = [self._vehicles[name].way_s[to] for name in self._names]
        with np.errstate(invalid="ignore"):
            extra = reach + duration[to, self._next] - self._old
        extra[np.isnan(extra)] = math.inf
        least = np.minimum.reduceat(extra, self._first)
        for k in np.argsort(least, kind="stable"):
            name = self._names[k]
            if not math.isfinite(least[k]):
                break
            vehicle = self._vehicles[name]
            if (may is not None and name not in may) or not self._carries(vehicle, stop):
                continue
            last = self._first[k + 1] if k + 1 < len(self._first) else len(extra)
            gap = int(np.argmin(extra[self._first[k] : last]))
            route, at = self._routes[name], int(self._gaps[name][3][gap])
            route.insert(at, Task("stop", stop))
            if self._ends_s(vehicle, route) <= vehicle.latest_end_s:
                self._gaps[name] = self._gaps_of(name)
                self._join()
                return True
            del route[at]
        self._left.append(stop)
        return False

    def _gaps_of(self, name: str) -> tuple[Ints, Ints, Floats, Ints]:
        """Return a route's gaps: place before (of the first: any), place after, time now, and the
        position where a task would be inserted."""
        vehicle, route = self._vehicles[name], self._routes[name]
        depot = self._state.places[vehicle.depot]
        index = [k for k, task in enumerate(route) if task.kind != "break"]
        path = [self._p._place[route[k].target] for k in index]
        before, after = np.array([depot, *path]), np.array([*path, depot])
        old = self._state.duration_s[before, after]
        old[0] = vehicle.way_s[after[0]]
        return before, after, np.where(np.isfinite(old), old, 0.0), np.array([*index, len(route)])

    def _join(self) -> None:
        gaps = [self._gaps[name] for name in self._names]
        if not gaps:
            return
        self._before = np.concatenate([one[0] for one in gaps])
        self._next = np.concatenate([one[1] for one in gaps])
        self._old = np.concatenate([one[2] for one in gaps])
        sizes = [len(one[0]) for one in gaps]
        self._first = np.concatenate([[0], np.cumsum(sizes)[:-1]]).astype(np.int64)

    def give_back(self, names: list[str]) -> None:
        """Let a truck that is down keep what nobody else can take."""
        for name in names:
            if self._left:
                self._routes[name][:0] = [Task("stop", stop) for stop in self._left]
                self._left = []

    def _carries(self, vehicle: VehicleState, stop: str) -> bool:
        streams: str = self._p._types[vehicle.type].streams
        return self._p._points[stop].stream in streams.split()

    def _ends_s(self, vehicle: VehicleState, route: list[Task]) -> float:
        """Return when the route would end."""
        planner, state = self._p, self._state
        kind = planner._types[vehicle.type]
        time_s, load = vehicle.free_s, sum(vehicle.load_kg.values())
        way_s, duration = vehicle.way_s, state.duration_s
        here = -1
        for task in route:
            if task.kind == "break":
                continue
            to = planner._place[task.target]
            if task.kind == "stop":
                point = planner._points[task.target]
                kg = min(state.load_kg.get(task.target, 0.0), kind.payload_kg)
                if load + kg > kind.payload_kg:
                    site_s, here = self._unload_s(kind.streams, way_s)
                    time_s, load, way_s = time_s + site_s, 0.0, duration[here]
                time_s += way_s[to] + point.service_s + kind.lift_s * point.bins
                load += kg
            else:
                time_s += way_s[to]
                if task.kind == "site":
                    row = planner._sites[task.target]
                    time_s += row.unload_s + row.unload_s_per_t * load / 1e3
                    load = 0.0
            way_s, here = duration[to], to
        if load > 0.0 and kind.must_end_empty:
            site_s, here = self._unload_s(kind.streams, way_s)
            time_s, way_s = time_s + site_s, duration[here]
        return float(time_s + way_s[state.places[vehicle.depot]])

    def _unload_s(self, streams: str, way_s: Floats) -> tuple[float, int]:
        """Return the time to the nearest open site and to unload there, and its place."""
        is_open = {site.id for site in self._state.sites if site.open}
        found = [
            (float(way_s[self._p._place[name]]) + row.unload_s, self._p._place[name])
            for name, row in self._p._sites.items()
            if name in is_open and set(row.streams.split()) & set(streams.split())
        ]
        seconds, place = min(found, default=(math.inf, 0))
        return seconds, place
