"""A plan as charts and maps need it: activities like those of a run, energies, lines."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from optimize.routing.plan import Route, Visit
from optimize.routing.plan_json import visit_id
from scenarios.fleet_ground import Ground, joined
from scenarios.fleet_view import Battery
from scenarios.routes import Study
from sim.fleet.inputs import FleetInputs
from sim.fleet.trace import Floats

if TYPE_CHECKING:
    import pandas as pd

_KINDS = {"stop": "collect", "site": "unload", "charger": "charge", "break": "rest"}


@dataclass(frozen=True, eq=False)
class PlanView:
    """The plan of a study; times in s since the midnight before the day."""

    study: Study
    inputs: FleetInputs

    @cached_property
    def place_of(self) -> Mapping[str, str]:
        """The place of each point, site and charger."""
        tables: Any = self.inputs.tables
        names = ("chargers", "sites", "points")
        return {row.id: row.place for name in names for row in tables[name]}

    @cached_property
    def stream_of(self) -> Mapping[str, str]:
        """The stream of each point."""
        return {point.id: point.stream for point in self.inputs.points}

    @cached_property
    def routes(self) -> Mapping[str, Route]:
        """Routes by truck, in order of truck."""
        fleet = self.study.fleet
        found = {fleet.trucks[r.truck_type][r.number]: r for r in self.study.solution.plan.routes}
        return {truck: found[truck] for truck in sorted(found)}

    @property
    def trucks(self) -> tuple[str, ...]:
        return tuple(self.routes)

    def stops(self, truck: str) -> tuple[str, ...]:
        """Return the points a truck serves, in order."""
        problem = self.study.fleet.problem
        return tuple(problem.stops[k].id for k in self.routes[truck].stops)

    @cached_property
    def left_out(self) -> Mapping[str, str]:
        """Reasons by point."""
        stops = self.study.fleet.problem.stops
        return {stops[one.stop].id: one.reason for one in self.study.solution.plan.left_out}

    def line(self, truck: str, ground: Ground) -> Floats:
        """Return the whole way of a truck, (k, 2)."""
        names = self.study.fleet.problem.travel.places
        visits = self.routes[truck].visits
        legs = [
            ground.line(names[a.place], names[b.place])
            for a, b in zip(visits, visits[1:], strict=False)
            if a.place != b.place
        ]
        return joined(legs)

    @cached_property
    def done(self) -> pd.DataFrame:
        """What trucks are to do, with the columns of `sim.fleet.trace.activities`."""
        import pandas as pd

        rows = [(truck, *row) for truck, route in self.routes.items() for row in self._rows(route)]
        columns = ["truck", "kind", "target", "from_s", "to_s", "amount"]
        return pd.DataFrame(rows, columns=columns)

    def _rows(self, route: Route) -> list[tuple[str, str, float, float, float]]:
        problem, found = self.study.fleet.problem, []
        for before, visit in zip(route.visits, route.visits[1:], strict=False):
            target = self._target(route, visit)
            if visit.arrive_s > before.end_s:
                metres = float(problem.travel.distance_m[before.place, visit.place])
                found.append(("drive", target, before.end_s, visit.arrive_s, metres / 1e3))
            if visit.begin_s > visit.arrive_s:
                found.append(("wait", target, visit.arrive_s, visit.begin_s, float("nan")))
            if visit.kind in _KINDS and visit.end_s > visit.begin_s:
                amount = self._amount(before, visit)
                found.append((_KINDS[visit.kind], target, visit.begin_s, visit.end_s, amount))
        return found

    def _target(self, route: Route, visit: Visit) -> str:
        problem = self.study.fleet.problem
        if visit.kind in ("start", "end", "break"):
            return problem.travel.places[visit.place] if visit.kind != "break" else ""
        return visit_id(problem, visit)

    def _amount(self, before: Visit, visit: Visit) -> float:
        if visit.kind == "charger":
            return visit.energy_end_kwh - visit.energy_arrive_kwh
        if visit.kind == "stop":
            return float(sum(self.study.fleet.problem.stops[visit.index].demand))
        if visit.kind == "site" and before.load:
            return float(sum(before.load) - sum(visit.load))
        return float("nan")

    @cached_property
    def curves(self) -> Mapping[str, tuple[Floats, Floats]]:
        """Times, s, and energies, kWh, by electric truck."""
        found = {}
        for truck, route in self.routes.items():
            if truck not in self.batteries:
                continue
            time_s: list[float] = []
            kwh: list[float] = []
            for visit in route.visits:
                time_s += [visit.arrive_s, visit.begin_s, visit.end_s]
                kwh += [visit.energy_arrive_kwh, visit.energy_arrive_kwh, visit.energy_end_kwh]
            known = ~np.isnan(kwh)
            found[truck] = (np.array(time_s)[known], np.array(kwh)[known])
        return found

    @cached_property
    def batteries(self) -> Mapping[str, Battery]:
        """Batteries by truck."""
        types = self.study.fleet.problem.trucks
        return {
            truck: Battery(kwh, types[route.truck_type].reserve_kwh)
            for truck, route in self.routes.items()
            if (kwh := types[route.truck_type].battery_kwh) is not None
        }
