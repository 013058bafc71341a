"""The optimiser as a planner inside a run: only the routes in question change, and as little as can
be."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np

from optimize.routing.engines.registry import solve
from optimize.routing.plan import Limits, Plan, Route, Visit
from optimize.routing.problem import Problem
from scenarios.routes_problem import FleetModel, Margins
from sim.fleet.inputs import FleetInputs
from sim.fleet.nearest import NearestInsertion
from sim.kernel.planner import PlanningState, Task, VehicleState

DEVIATION_CNY = 30.0
"""Cost of giving a stop to another truck in mid-shift: crews know their streets. (A)"""
UNSERVED_CNY = 2_000.0
"""Cost of giving a stop up for the day. (A)"""


class OptimisingPlanner:
    """Answers `sim.kernel.planner.Planner` with the routing optimiser.

    The routes of the affected trucks are planned anew, and those of trucks that are on the road
    and could help; everyone's present tasks are the plan in force, from which deviating costs. It
    searches for a number of iterations, not seconds, so that a run repeats itself.

    Parameters
    ----------
    inputs
        Of the fleet that it plans for.
    iterations
        Of the search, each time.
    helpers
        Most trucks that are asked to help, the nearest first.
    """

    def __init__(
        self,
        inputs: FleetInputs,
        *,
        iterations: int = 100,
        helpers: int = 6,
        engine: str = "stricter",
        margins: Margins | None = None,
    ) -> None:
        self._model = FleetModel(inputs, margins)
        self._fallback = NearestInsertion(inputs)
        self._iterations, self._helpers, self._engine = iterations, helpers, engine

    def replan(self, state: PlanningState) -> Mapping[str, tuple[Task, ...]]:
        """Return new tasks for the trucks whose routes change."""
        vehicles = self._chosen(state)
        stops = dict.fromkeys(
            task.target for v in vehicles for task in v.tasks if task.kind == "stop"
        )
        stops |= dict.fromkeys(state.unassigned)
        if not vehicles or not stops:
            return {}
        problem = self._problem(state, vehicles, list(stops))
        solution, _ = solve(
            problem, self._engine, Limits(iterations=self._iterations, seed=_seed(state.now_s))
        )
        routes = {route.truck_type: route for route in solution.plan.routes}
        return {
            vehicle.id: tasks
            for k, vehicle in enumerate(vehicles)
            if (tasks := self._tasks(problem, routes.get(k))) != vehicle.tasks
        }

    # -- who takes part ----------------------------------------------------------------------------

    def _chosen(self, state: PlanningState) -> list[VehicleState]:
        """Return the affected trucks that can drive, and the helpers nearest to their stops."""
        able = [v for v in state.vehicles if not v.down]
        mine = [v for v in able if v.id in state.affected]
        if state.reason == "day_begins":
            return mine
        loose = [
            state.places[self._model.points[task.target].place]
            for v in state.vehicles
            if v.id in state.affected
            for task in v.tasks
            if task.kind == "stop"
        ]
        loose += [state.places[self._model.points[name].place] for name in state.unassigned]
        others = [v for v in able if v.id not in state.affected]
        if loose:
            others.sort(key=lambda v: (float(np.min(v.way_s[loose])), v.id))
        return [*mine, *others[: self._helpers]]

    # -- the problem -------------------------------------------------------------------------------

    def _problem(
        self, state: PlanningState, vehicles: Sequence[VehicleState], names: Sequence[str]
    ) -> Problem:
        model, count = self._model, len(state.places)
        distance, duration = _with_starts(state, vehicles)
        midnight_s = model.inputs.start_of_day_s  # planning counts from the midnight before
        open_sites = {site.id for site in state.sites if site.open}
        type_ids = [v.type for v in vehicles]
        trucks = tuple(
            self._truck(v, count + k, state.places[v.depot], midnight_s)
            for k, v in enumerate(vehicles)
        )
        stops = tuple(
            model.stop(name, max(state.load_kg[name], 1.0), type_ids, UNSERVED_CNY)
            for name in names
        )
        index = {name: i for i, name in enumerate(names)}
        in_force = Plan(
            tuple(
                Route(k, 0, tuple(
                    Visit("stop", index[task.target], stops[index[task.target]].place, 0.0, 0.0,
                          0.0)
                    for task in v.tasks
                    if task.kind == "stop"
                ))
                for k, v in enumerate(vehicles)
            )
        )  # fmt: skip
        return Problem(
            name="replanning",
            travel=model.travel(distance, duration, [f"{v.id} now" for v in vehicles]),
            dimensions=model.dimensions,
            stops=stops,
            trucks=trucks,
            sites=tuple(site for site in model.sites if site.id in open_sites),
            chargers=tuple(c for c in model.chargers if c.id not in state.chargers_down),
            in_force=in_force,
            deviation_cost=0.0 if state.reason == "day_begins" else DEVIATION_CNY,
        )

    def _truck(self, v: VehicleState, start: int, depot: int, midnight_s: float):  # type: ignore[no-untyped-def]
        shift_id = self._shift_of[v.id]
        electric = not math.isnan(v.energy_kwh)
        base = self._model.truck(
            v.type, shift_id, depot, id=v.id, count=1, start=start,
            start_kwh=v.energy_kwh if electric else None, start_load=self._model.load(v.load_kg),
            shift_s=(v.free_s + midnight_s, max(v.shift_end_s, v.free_s) + midnight_s),
            overtime_s=max(v.latest_end_s - max(v.shift_end_s, v.free_s), 0.0),
            cost_fixed=0.0,  # it is out already
        )  # fmt: skip
        # A break whose hour is over was taken; whether it still is to come is for the truck.
        now = v.free_s + midnight_s
        return replace(base, breaks=tuple(b for b in base.breaks if b.earliest_s > now))

    @property
    def _shift_of(self) -> Mapping[str, str]:
        return {row.id: row.shift for row in self._model.inputs.tables["trucks"]}  # type: ignore[attr-defined]

    # -- the answer --------------------------------------------------------------------------------

    def _tasks(self, problem: Problem, route: Route | None) -> tuple[Task, ...]:
        if route is None:
            return ()
        names = {"stop": problem.stops, "site": problem.sites, "charger": problem.chargers}
        return tuple(
            Task(visit.kind, names[visit.kind][visit.index].id)  # type: ignore[arg-type, attr-defined]
            for visit in route.visits
            if visit.kind in names
        )


def _seed(now_s: float) -> int:
    """By the moment, not by the number of calls: the planner remembers nothing between runs."""
    return int(now_s) % (2**31 - 1) + 1


def _with_starts(
    state: PlanningState, vehicles: Sequence[VehicleState]
) -> tuple[np.ndarray, np.ndarray]:
    """Return the travel tables with a row more for where each truck is; nobody drives there."""
    count, more = len(state.places), len(vehicles)
    tables = []
    for table, ways in (
        (state.distance_m, [v.way_m for v in vehicles]),
        (state.duration_s, [v.way_s for v in vehicles]),
    ):
        whole = np.full((count + more, count + more), math.inf)
        whole[:count, :count] = table
        for k, way in enumerate(ways):
            whole[count + k, :count] = way
            # Nobody drives to where a truck is now; a way back keeps the tables without gaps.
            whole[:count, count + k] = way
        np.fill_diagonal(whole, 0.0)
        tables.append(whole)
    return tables[0], tables[1]
