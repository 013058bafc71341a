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

    def by_distance(self, stops: list[str]) -> list[str]:
        """Return stops, those furthest from the first depot first: they have the least choice."""
        if not self._vehicles:
            return []
        depot = self._state.places[next(iter(self._vehicles.values())).depot]
        far = self._state.duration_s[depot]
        return sorted(stops, key=lambda s: (-far[self._p._place[s]], s))

    def put(self, stop: str, may: frozenset[str] | None) -> bool:
        """Insert a stop where the detour is least among feasible routes; false if there is none."""
        tried = []
        for name, vehicle in self._vehicles.items():
            if may is not None and name not in may:
                continue
            if vehicle.down or not self._carries(vehicle, stop):
                continue
            cost, at = self._cheapest(vehicle, stop)
            if math.isfinite(cost):
                tried.append((cost, name, at))
        for _, name, at in sorted(tried):
            route = self._routes[name]
            route.insert(at, Task("stop", stop))
            if self._ends_s(self._vehicles[name], route) <= self._vehicles[name].latest_end_s:
                return True
            del route[at]
        self._left.append(stop)
        return False

    def give_back(self, names: list[str]) -> None:
        """Let a truck that is down keep what nobody else can take."""
        for name in names:
            if self._left:
                self._routes[name][:0] = [Task("stop", stop) for stop in self._left]
                self._left = []

    def _carries(self, vehicle: VehicleState, stop: str) -> bool:
        streams: str = self._p._types[vehicle.type].streams
        return self._p._points[stop].stream in streams.split()

    def _cheapest(self, vehicle: VehicleState, stop: str) -> tuple[float, int]:
        route = self._routes[vehicle.id]
        place = self._p._place
        duration = self._state.duration_s
        to = place[stop]
        depot = self._state.places[vehicle.depot]
        path = [place[t.target] for t in route if t.kind != "break"]
        index = [k for k, t in enumerate(route) if t.kind != "break"]
        nexts = np.array([*path, depot], dtype=np.int64)
        before = np.vstack([vehicle.way_s, duration[path]]) if path else vehicle.way_s[None, :]
        with np.errstate(invalid="ignore"):
            old = before[np.arange(len(nexts)), nexts]
            extra = before[:, to] + duration[to, nexts] - np.where(np.isfinite(old), old, 0.0)
        extra = np.where(np.isnan(extra), math.inf, extra)
        k = int(np.argmin(extra))
        return float(extra[k]), index[k] if k < len(index) else len(route)

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
