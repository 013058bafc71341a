"""A problem as a model of OR-Tools' routing library, in whole numbers rounded against the plan.

Every site and charger is copied, because a node is visited once. Load falls by up to a full truck
at a site: a transit of minus the capacity with as much slack. Energy is a dimension that falls;
its slack at a charger is what is charged, held to the battery by a constraint of its own (cumul
plus slack alone may overcharge), and the slack of time there is at least the charging time.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from ortools.constraint_solver import pywrapcp

from optimize.routing.engines.routes import Order
from optimize.routing.plan import VisitKind
from optimize.routing.problem import Problem, TruckType, Windows
from optimize.routing.timetable import Call

# Units per second, metre and kWh come from the longest arc; so many units it gets.
_RESOLUTION = 1e6
_NEVER = 1 << 40
_HORIZON_ARCS = 1e5
# Cost of leaving out a stop that must be served, in costs of a round trip to it.
_MUST = 50.0
_CHARGER_COPIES = 0.5
_MOST_CHARGER_NODES = 400


@dataclass(frozen=True)
class Node:
    """A stop, a copy of a site or charger, or where a truck starts or ends."""

    kind: VisitKind
    index: int
    place: int


def _units(values: NDArray[np.float64]) -> float:
    finite = values[np.isfinite(values)]
    longest = float(finite.max(initial=0.0))
    return 10.0 ** math.floor(math.log10(_RESOLUTION / longest)) if longest > 0.0 else 1.0


class Model:
    """The routing model with or without batteries.

    Parameters
    ----------
    batteries
        Whether energy is a dimension and chargers are nodes.
    """

    def __init__(self, problem: Problem, *, batteries: bool) -> None:
        self.problem = problem
        self.batteries = batteries
        travel = problem.travel
        self.seconds = travel.duration_s / float(travel.speed_factor[0])
        self.time = _units(self.seconds) if self.seconds.any() else 1.0
        self.vehicles = self._vehicles()
        self.nodes = self._nodes()
        self.place = np.array([node.place for node in self.nodes])
        starts = [len(self.nodes) - 2 * len(problem.trucks) + 2 * t for t in self.vehicles]
        self.manager = pywrapcp.RoutingIndexManager(
            len(self.nodes), len(self.vehicles), starts, [s + 1 for s in starts]
        )
        self.routing = pywrapcp.RoutingModel(self.manager)
        self.solver = self.routing.solver()
        self.horizon = self._horizon()
        self.price = self._price()
        self._costs()
        self._time()
        self._loads()
        self._counts()
        if batteries:
            self._energy()
        self._optional()
        self._breaks()

    # What there is

    def _vehicles(self) -> list[int]:
        """Return the truck type of each vehicle; a guess where there are as many as wanted."""
        problem = self.problem
        trips = self._trips()
        plenty = min(len(problem.stops), 10 + trips + len(problem.stops) // 3)
        return [
            t
            for t, truck in enumerate(problem.trucks)
            for _ in range(plenty if truck.count is None else min(truck.count, len(problem.stops)))
        ]

    def _trips(self) -> int:
        """Return the fewest trips that the demand fills."""
        problem, most = self.problem, 1
        for d in range(len(problem.dimensions)):
            capacity = max(truck.capacity[d] for truck in problem.trucks)
            if 0.0 < capacity < math.inf:
                total = math.fsum(stop.demand[d] for stop in problem.stops)
                most = max(most, math.ceil(total / capacity - 1e-9))
        return most

    def _nodes(self) -> list[Node]:
        problem = self.problem
        nodes = [Node("stop", i, stop.place) for i, stop in enumerate(problem.stops)]
        if problem.sites:
            copies = self._trips() + len(self.vehicles)
            for s, site in enumerate(problem.sites):
                nodes += [Node("site", s, site.place)] * copies
        if self.batteries and problem.chargers:
            copies = max(2, math.ceil(_CHARGER_COPIES * len(problem.stops)))
            copies = max(1, min(copies, _MOST_CHARGER_NODES // len(problem.chargers)))
            for c, charger in enumerate(problem.chargers):
                nodes += [Node("charger", c, charger.place)] * copies
        for truck in problem.trucks:
            nodes += [Node("start", 0, truck.start), Node("end", 0, truck.end)]
        return nodes

    def _horizon(self) -> int:
        ends = [
            end
            for windows in (
                *(s.windows for s in self.problem.stops),
                *(s.windows for s in self.problem.sites),
            )
            for _, end in windows
        ]
        ends += [truck.shift_s[1] + truck.overtime_s for truck in self.problem.trucks]
        finite = [end for end in ends if math.isfinite(end)]
        longest = float(self.seconds[np.isfinite(self.seconds)].max(initial=1.0))
        if len(finite) == len(ends):
            return self._up(max(finite, default=longest))
        return self._up(max([*finite, 0.0]) + _HORIZON_ARCS * max(longest, 1.0))

    def _up(self, seconds: float) -> int:
        return math.ceil(seconds * self.time - 1e-6)

    def _moment(self, seconds: float) -> int:
        """Return a latest moment in units, within the horizon."""
        if math.isinf(seconds):
            return self.horizon
        return min(math.floor(seconds * self.time + 1e-6), self.horizon)

    def _index(self, node: int) -> int:
        return int(self.manager.NodeToIndex(node))

    def _matrix(self, by_place: NDArray[np.float64], at_node: NDArray[np.float64]) -> int:
        """Register a transit: an amount of leaving a node, and of going on by place."""
        values = by_place[np.ix_(self.place, self.place)]
        np.fill_diagonal(values, 0.0)
        open_arcs = np.isfinite(values)
        total = np.where(open_arcs, values, 0.0) + at_node[:, None]
        whole = np.ceil(total - 1e-6).astype(np.int64)
        whole[~open_arcs] = _NEVER
        return int(self.routing.RegisterTransitMatrix(whole.tolist()))

    def _standing(self) -> NDArray[np.float64]:
        """Seconds of service by node; chargers' come on top, as slack."""
        seconds = np.zeros(len(self.nodes))
        for n, node in enumerate(self.nodes):
            if node.kind == "stop":
                seconds[n] = self.problem.stops[node.index].service_s
            elif node.kind == "site":
                site = self.problem.sites[node.index]
                most = [max(truck.capacity[d] for truck in self.problem.trucks)
                        for d in range(len(self.problem.dimensions))]  # fmt: skip
                rates = site.unload_s_per_unit or (0.0,) * len(most)
                seconds[n] = site.unload_s + math.fsum(
                    rate * amount
                    for rate, amount, takes in zip(rates, most, site.accepts, strict=True)
                    if takes and rate
                )
        return seconds

    # Costs

    def _per_m(self, truck: TruckType) -> float:
        return truck.cost_per_m + truck.cost_per_kwh * truck.kwh_per_m

    def _price(self) -> float:
        """Return units of cost per unit of money."""
        problem = self.problem
        metres = problem.travel.distance_m
        longest = float(metres[np.isfinite(metres)].max(initial=0.0))
        arc = longest * max(self._per_m(truck) for truck in problem.trucks)
        price = _RESOLUTION / arc if arc > 0.0 else 1.0
        rates = [truck.cost_per_s for truck in problem.trucks if truck.cost_per_s > 0.0]
        if rates:
            price = max(price, 100.0 * self.time / min(rates))
        return price

    def _round_trip(self, stop: int) -> float:
        place = self.problem.stops[stop].place
        truck = self.problem.trucks[0]
        metres = self.problem.travel.distance_m
        there = float(metres[truck.start, place] + metres[place, truck.end])
        lasts = float(self.seconds[truck.start, place] + self.seconds[place, truck.end])
        cost = there * self._per_m(truck) + lasts * truck.cost_per_s
        return cost if math.isfinite(cost) else 0.0

    def _costs(self) -> None:
        problem = self.problem
        dearest = max((self._round_trip(i) for i in range(len(problem.stops))), default=1.0)
        self.must = _MUST * dearest
        matrices: dict[float, int] = {}
        for v, t in enumerate(self.vehicles):
            truck = problem.trucks[t]
            rate = self._per_m(truck)
            if rate not in matrices:
                # Rounded up, not to nearest: harmless, and the same for all.
                matrices[rate] = self._matrix(
                    problem.travel.distance_m * rate * self.price, np.zeros(len(self.nodes))
                )
            self.routing.SetArcCostEvaluatorOfVehicle(matrices[rate], v)
            fixed = truck.cost_fixed
            if problem.objective == "trucks_then_cost":
                fixed += 10.0 * dearest
            self.routing.SetFixedCostOfVehicle(round(fixed * self.price), v)
        if problem.objective == "trucks_then_cost":
            self.must *= 10.0

    # Dimensions

    def _time(self) -> None:
        problem = self.problem
        standing = np.ceil(self._standing() * self.time - 1e-6)
        self._service = standing.astype(np.int64)
        transit = self._matrix(self.seconds * self.time, standing)
        self.routing.AddDimension(transit, self.horizon, self.horizon, False, "time")
        self.clock = self.routing.GetDimensionOrDie("time")
        for n, node in enumerate(self.nodes):
            windows: Windows | None = None
            if node.kind == "stop":
                windows = problem.stops[node.index].windows
            elif node.kind == "site":
                windows = problem.sites[node.index].windows
            elif node.kind == "charger":
                windows = problem.chargers[node.index].windows
            if windows is not None:
                self._within(self.clock.CumulVar(self._index(n)), windows)
        for v, t in enumerate(self.vehicles):
            truck = problem.trucks[t]
            start = self.clock.CumulVar(self.routing.Start(v))
            end = self.clock.CumulVar(self.routing.End(v))
            start.SetMin(max(self._up(truck.shift_s[0]), 0))
            end.SetMax(self._moment(truck.shift_s[1] + truck.overtime_s))
            if truck.overtime_s > 0.0 and truck.cost_per_overtime_s > 0.0:
                rate = max(round(truck.cost_per_overtime_s / self.time * self.price), 1)
                self.clock.SetCumulVarSoftUpperBound(
                    self.routing.End(v), self._moment(truck.shift_s[1]), rate
                )
            if math.isfinite(truck.most_duration_s):
                most = self._moment(truck.most_duration_s)
                self.clock.SetSpanUpperBoundForVehicle(most, v)
            if truck.cost_per_s > 0.0:
                rate = round(truck.cost_per_s / self.time * self.price)
                self.clock.SetSpanCostCoefficientForVehicle(rate, v)

    def _within(self, variable: Any, windows: Windows) -> None:
        variable.SetMin(max(self._up(windows[0][0]), 0))
        variable.SetMax(self._moment(windows[-1][1]))
        for (_, closes), (opens, _) in zip(windows, windows[1:], strict=False):
            first, last = self._moment(closes) + 1, self._up(opens) - 1
            if first <= last:
                variable.RemoveInterval(first, last)

    def _loads(self) -> None:
        problem = self.problem
        for d in range(len(problem.dimensions)):
            demands = np.array([stop.demand[d] for stop in problem.stops])
            capacities = np.array([truck.capacity[d] for truck in problem.trucks])
            everything = np.concatenate((demands, capacities[np.isfinite(capacities)]))
            scale = 1.0
            if (everything != np.round(everything)).any():
                scale = _units(everything)
            total = math.ceil(float(demands.sum()) * scale) + len(demands) + 1
            most = [total if math.isinf(c) else math.floor(c * scale + 1e-6) for c in capacities]
            change = np.zeros(len(self.nodes), dtype=np.int64)
            for n, node in enumerate(self.nodes):
                if node.kind == "stop":
                    change[n] = math.ceil(demands[node.index] * scale - 1e-6)
                elif node.kind == "site" and problem.sites[node.index].accepts[d]:
                    change[n] = -max(most)
            transit = self.routing.RegisterUnaryTransitVector(change.tolist())
            name = f"load {d}"
            limits = [most[t] for t in self.vehicles]
            self.routing.AddDimensionWithVehicleCapacity(transit, max(most), limits, False, name)
            dimension = self.routing.GetDimensionOrDie(name)
            for n, node in enumerate(self.nodes):
                if node.kind in ("stop", "charger") or (node.kind == "site" and change[n] == 0):
                    dimension.SlackVar(self._index(n)).SetValue(0)
            for v, t in enumerate(self.vehicles):
                truck = problem.trucks[t]
                first = truck.start_load[d] if truck.start_load else 0.0
                dimension.SlackVar(self.routing.Start(v)).SetValue(0)
                dimension.CumulVar(self.routing.Start(v)).SetValue(math.ceil(first * scale - 1e-6))
                if truck.must_end_empty:
                    dimension.CumulVar(self.routing.End(v)).SetMax(0)
            self._of_the_day(d, scale)

    def _of_the_day(self, d: int, scale: float) -> None:
        problem = self.problem
        if all(truck.day_capacity is None for truck in problem.trucks):
            return
        taken = [
            math.ceil(problem.stops[node.index].demand[d] * scale - 1e-6)
            if node.kind == "stop"
            else 0
            for node in self.nodes
        ]
        day = [
            sum(taken)
            if truck.day_capacity is None or math.isinf(truck.day_capacity[d])
            else math.floor(truck.day_capacity[d] * scale + 1e-6)
            for truck in problem.trucks
        ]
        self.routing.AddDimensionWithVehicleCapacity(
            self.routing.RegisterUnaryTransitVector(taken),
            0,
            [day[t] for t in self.vehicles],
            True,
            f"day {d}",
        )

    def _counts(self) -> None:
        problem = self.problem
        if any(truck.most_stops is not None for truck in problem.trucks):
            ones = [int(node.kind == "stop") for node in self.nodes]
            most = [
                len(problem.stops) if truck.most_stops is None else truck.most_stops
                for truck in problem.trucks
            ]
            self.routing.AddDimensionWithVehicleCapacity(
                self.routing.RegisterUnaryTransitVector(ones), 0,
                [most[t] for t in self.vehicles], True, "stops",
            )  # fmt: skip
        if any(math.isfinite(truck.most_distance_m) for truck in problem.trucks):
            metres = problem.travel.distance_m
            scale = _units(metres)
            limits = [
                min(math.floor(min(truck.most_distance_m * scale, _NEVER) + 1e-6), _NEVER - 1)
                for truck in problem.trucks
            ]
            self.routing.AddDimensionWithVehicleCapacity(
                self._matrix(metres * scale, np.zeros(len(self.nodes))), 0,
                [limits[t] for t in self.vehicles], True, "distance",
            )  # fmt: skip

    def _energy(self) -> None:
        """Energy in the battery: it falls on the way, and its slack at a charger is charged."""
        problem = self.problem
        batteries = [truck.battery_kwh for truck in problem.trucks if truck.battery_kwh]
        scale = _RESOLUTION / max(batteries)
        full = [
            _NEVER if truck.battery_kwh is None else math.floor(truck.battery_kwh * scale)
            for truck in problem.trucks
        ]
        drawn = np.array(
            [problem.stops[n.index].energy_kwh if n.kind == "stop" else 0.0 for n in self.nodes]
        )
        transits = []
        for truck in problem.trucks:
            if truck.battery_kwh is None:
                zero = [0] * len(self.nodes)
                transits.append(self.routing.RegisterUnaryTransitVector(zero))
                continue
            per_stop = drawn + np.array(
                [
                    math.fsum(
                        rate * amount
                        for rate, amount in zip(
                            truck.compaction_kwh_per_unit, problem.stops[n.index].demand,
                            strict=False,
                        )
                    )
                    if n.kind == "stop"
                    else 0.0
                    for n in self.nodes
                ]
            )  # fmt: skip
            by_arc = problem.travel.distance_m[np.ix_(self.place, self.place)] * truck.kwh_per_m
            np.fill_diagonal(by_arc, 0.0)
            by_arc = np.where(np.isfinite(by_arc), by_arc, 2.0 * max(batteries))
            used = -np.ceil((by_arc + per_stop[:, None]) * scale - 1e-6).astype(np.int64)
            transits.append(self.routing.RegisterTransitMatrix(used.tolist()))
        self.routing.AddDimensionWithVehicleTransitAndCapacity(
            [transits[t] for t in self.vehicles], max(full), [full[t] for t in self.vehicles],
            False, "energy",
        )  # fmt: skip
        energy = self.routing.GetDimensionOrDie("energy")
        for n, node in enumerate(self.nodes):
            if node.kind in ("stop", "site"):
                energy.SlackVar(self._index(n)).SetValue(0)
            elif node.kind == "charger":
                self._charging(energy, n, node.index, min(full), scale)
        for v, t in enumerate(self.vehicles):
            truck = problem.trucks[t]
            energy.SlackVar(self.routing.Start(v)).SetValue(0)
            if truck.battery_kwh is not None:
                first = truck.battery_kwh if truck.start_kwh is None else truck.start_kwh
                energy.CumulVar(self.routing.Start(v)).SetValue(math.floor(first * scale))
                last = max(truck.end_kwh, truck.reserve_kwh)
                energy.CumulVar(self.routing.End(v)).SetMin(math.ceil(last * scale - 1e-6))
        reserve = min(truck.reserve_kwh for truck in problem.trucks)
        for n, node in enumerate(self.nodes):
            if node.kind in ("stop", "site", "charger"):
                least = math.ceil((reserve + drawn[n]) * scale - 1e-6)
                energy.CumulVar(self._index(n)).SetMin(least)

    def _charging(self, energy: Any, n: int, charger: int, full: int, scale: float) -> None:
        index = self._index(n)
        cumul, slack = energy.CumulVar(index), energy.SlackVar(index)
        active = self.routing.ActiveVar(index)
        # Otherwise they are not in the assignment, and reading them there crashes.
        self.routing.AddToAssignment(slack)
        self.routing.AddVariableMinimizedByFinalizer(slack)
        if self.problem.recharge == "full":
            self.solver.Add(active * (cumul + slack - full) == 0)
        else:
            self.solver.Add(active * (cumul + slack) <= full)
        technology = self.problem.chargers[charger].technology
        rates = [
            truck.charging[technology].time_s[-1] / truck.charging[technology].energy_kwh[-1]
            for truck in self.problem.trucks
            if truck.battery_kwh is not None
        ]
        # Time units per million energy units.
        rate = math.ceil(max(rates) * self.time / scale * 1e6)
        if rate:
            waits = self.clock.SlackVar(index)
            self.solver.Add(waits * 1_000_000 >= active * (slack * rate))

    # Choices

    def _optional(self) -> None:
        for n, node in enumerate(self.nodes):
            index = self._index(n)
            if node.kind == "stop":
                stop = self.problem.stops[node.index]
                worth = self.must if math.isinf(stop.penalty) else stop.penalty
                self.routing.AddDisjunction([index], round(worth * self.price))
                if stop.truck_types is not None:
                    allowed = [v for v, t in enumerate(self.vehicles) if t in stop.truck_types]
                    self.routing.SetAllowedVehiclesForIndex(allowed, index)
            elif node.kind in ("site", "charger"):
                self.routing.AddDisjunction([index], 0)

    def _breaks(self) -> None:
        self.breaks: dict[int, list[Any]] = {}
        for v, t in enumerate(self.vehicles):
            truck = self.problem.trucks[t]
            if not truck.breaks:
                continue
            self.breaks[v] = [
                self.solver.FixedDurationIntervalVar(
                    max(self._up(pause.earliest_s), 0), self._moment(pause.latest_s),
                    self._up(pause.duration_s), False, f"break {k} of {v}",
                )
                for k, pause in enumerate(truck.breaks)
            ]  # fmt: skip
            # Standing at each node, by index: a break does not interrupt it.
            standing = [
                int(self._service[self.manager.IndexToNode(i)]) for i in range(self.routing.Size())
            ]
            self.clock.SetBreakIntervalsOfVehicle(self.breaks[v], v, standing)

    # Both ways

    def orders(self, assignment: Any) -> list[Order]:
        """Return the order of each vehicle that serves a stop."""
        found = []
        for v, t in enumerate(self.vehicles):
            calls: list[Call] = []
            begins: list[int] = []
            index = assignment.Value(self.routing.NextVar(self.routing.Start(v)))
            while not self.routing.IsEnd(index):
                node = self.nodes[self.manager.IndexToNode(index)]
                calls.append(Call(node.kind, node.index, self._charged_to(assignment, index, node)))
                begins.append(assignment.Min(self.clock.CumulVar(index)))
                index = assignment.Value(self.routing.NextVar(index))
            ends = assignment.Min(self.clock.CumulVar(index))
            pauses = []
            for k, interval in enumerate(self.breaks.get(v, ())):
                begin = assignment.StartMin(interval)
                starts = assignment.Min(self.clock.CumulVar(self.routing.Start(v)))
                if (
                    begin < ends
                    and begin + self._up(self.problem.trucks[t].breaks[k].duration_s) > starts
                ):
                    position = sum(at <= begin for at in begins)
                    pauses.append((position, begin, k))
            for position, _, k in sorted(pauses, reverse=True):
                calls.insert(position, Call("break", k))
            if any(call.kind == "stop" for call in calls):
                found.append(Order(t, tuple(calls)))
        return found

    def _charged_to(self, assignment: Any, index: int, node: Node) -> float | None:
        if node.kind != "charger":
            return None
        if self.problem.recharge == "full":
            return None
        energy = self.routing.GetDimensionOrDie("energy")
        batteries = [truck.battery_kwh for truck in self.problem.trucks if truck.battery_kwh]
        after = assignment.Min(energy.CumulVar(index)) + assignment.Min(energy.SlackVar(index))
        return float(after * max(batteries) / _RESOLUTION)

    def assignment(self, orders: Sequence[Order]) -> Any:
        """Return an assignment that follows orders, or None if it does not fit the model."""
        copies: dict[tuple[str, int], list[int]] = {}
        for n, node in enumerate(self.nodes):
            copies.setdefault((node.kind, node.index), []).append(self._index(n))
        free = {t: [v for v, u in enumerate(self.vehicles) if u == t] for t in set(self.vehicles)}
        routes: list[list[int]] = [[] for _ in self.vehicles]
        for order in orders:
            if not free.get(order.truck_type):
                return None
            vehicle = free[order.truck_type].pop(0)
            for call in order.calls:
                left = copies.get((call.kind, call.index))
                if call.kind == "break":
                    continue
                if not left:
                    return None
                routes[vehicle].append(left.pop(0))
        return self.routing.ReadAssignmentFromRoutes(routes, True)
