"""From the orders an engine found to a plan: charging put in, departures moved, trucks numbered."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from optimize.routing.cost import plan_cost
from optimize.routing.engines.charging_insertion import insert_chargers
from optimize.routing.plan import LeftOut, Plan, Route, Solution, StopReason
from optimize.routing.problem import Problem, Windows
from optimize.routing.timetable import Call, timetable

_Cut = tuple[tuple[int, int, float], int, tuple[Call, ...] | None]


@dataclass(frozen=True)
class Order:
    """Stops and sites in the order a truck of a type visits them."""

    truck_type: int
    calls: tuple[Call, ...]


def plan_of(
    problem: Problem,
    orders: Sequence[Order],
    why_left_out: str,
    charging: Literal["to insert", "as ordered"] = "to insert",
) -> Plan:
    """Return the plan; stops of no order are left out, for the reason given.

    Orders of electric trucks get charging visits. Where none make an order feasible it is cut into
    several routes at the least cost, as far as there are trucks.
    """
    routes: list[Route] = []
    used = [0] * len(problem.trucks)
    reasons = {}
    for order in orders:
        parts = [order]
        electric = problem.trucks[order.truck_type].battery_kwh is not None
        if electric and charging == "to insert":
            parts = charged(problem, order)
        elif electric:
            parts = [recharged(problem, order)]
        kept = {call.index for part in parts for call in part.calls if call.kind == "stop"}
        for call in order.calls:
            if call.kind == "stop" and call.index not in kept:
                reasons[call.index] = "no charging puts it within reach in the order found"
        for part in parts:
            truck = problem.trucks[part.truck_type]
            if truck.count is not None and used[part.truck_type] >= truck.count:
                for call in part.calls:
                    if call.kind == "stop":
                        reasons[call.index] = f"charging takes more than {truck.count} {truck.id}"
                continue
            routes.append(departing(problem, part, used[part.truck_type]))
            used[part.truck_type] += 1
    served = {stop for route in routes for stop in route.stops}
    left = tuple(
        LeftOut(i, reasons.get(i, why_left_out))
        for i in range(len(problem.stops))
        if i not in served
    )
    return Plan(tuple(routes), left)


def charged(problem: Problem, order: Order) -> list[Order]:
    """Return the order with charging, or the cheapest cut of it into several with charging.

    Stops that cannot be reached even alone are missing in what is returned.
    """
    whole = insert_chargers(problem, order.truck_type, order.calls)
    if whole is not None:
        return [Order(order.truck_type, tuple(whole[0]))]
    if any(call.kind != "stop" for call in order.calls):
        return []
    truck = problem.trucks[order.truck_type]
    fixed = truck.cost_fixed
    first = problem.objective == "trucks_then_cost"
    # Cheapest way to have dealt with the first k stops: (unserved, trucks, cost), from, calls.
    best: list[_Cut] = [((0, 0, 0.0), 0, None)]
    calls = order.calls
    for end in range(1, len(calls) + 1):
        unserved, trucks, cost = best[end - 1][0]
        options: list[_Cut] = [((unserved + 1, trucks, cost), end - 1, None)]
        for begin in range(end - 1, -1, -1):
            part = insert_chargers(problem, order.truck_type, calls[begin:end])
            if part is None:
                # Fewer stops at the front may still help, by an earlier way to a charger.
                continue
            unserved, trucks, cost = best[begin][0]
            options.append(
                ((unserved, trucks + first, cost + part[1] + fixed), begin, tuple(part[0]))
            )
        best.append(min(options, key=lambda option: option[0]))
    parts = []
    at = len(calls)
    while at > 0:
        _, begin, inserted = best[at]
        if inserted is not None:
            parts.append(Order(order.truck_type, inserted))
        at = begin
    return parts[::-1]


def recharged(problem: Problem, order: Order) -> Order:
    """Return an order that holds charging visits, charging anew where that is possible."""
    calls = [call for call in order.calls if call.kind != "charger"]
    anew = insert_chargers(problem, order.truck_type, calls)
    if anew is not None:
        return Order(order.truck_type, tuple(anew[0]))
    # Amounts come from whole numbers: a charge of nothing may seem to be one of less.
    route = timetable(problem, order.truck_type, 0, order.calls)
    kept = [
        call
        for call, visit in zip(order.calls, route.visits[1:-1], strict=True)
        if call.kind != "charger" or visit.energy_end_kwh > visit.energy_arrive_kwh
    ]
    return Order(order.truck_type, tuple(kept))


def departing(problem: Problem, order: Order, number: int) -> Route:
    """Return the timed route, leaving as late as it can without ending later if time counts."""
    truck = problem.trucks[order.truck_type]
    route = timetable(problem, order.truck_type, number, order.calls)
    if not (truck.cost_per_s or math.isfinite(truck.most_duration_s)):
        return route
    if problem.travel.speed_factor.size > 1:
        return route
    waited, move = 0.0, math.inf
    for visit in route.visits[1:]:
        waited += visit.begin_s - visit.arrive_s
        windows = windows_of(problem, order, visit.kind, visit.index)
        end = next((e for b, e in windows if b <= visit.begin_s <= e), math.inf)
        move = min(move, waited + max(end - visit.begin_s, 0.0))
    move = min(move, waited)
    if move <= 0.0:
        return route
    later = timetable(problem, order.truck_type, number, order.calls, route.visits[0].end_s + move)
    return later if later.visits[-1].end_s <= route.visits[-1].end_s + 1e-9 else route


def windows_of(problem: Problem, order: Order, kind: str, index: int) -> Windows:
    """Return when a visit may begin."""
    if kind == "stop":
        return problem.stops[index].windows
    if kind == "site":
        return problem.sites[index].windows
    if kind == "charger":
        return problem.chargers[index].windows
    if kind == "break":
        pause = problem.trucks[order.truck_type].breaks[index]
        return ((pause.earliest_s, pause.latest_s),)
    return ()


def solution_of(
    problem: Problem,
    plan: Plan,
    reason: StopReason,
    seconds: float,
    iterations: int,
    engine: str,
) -> Solution:
    """Return the solution of an engine without a bound."""
    cost = plan_cost(problem, plan)
    return Solution(
        plan=plan,
        trucks=cost.trucks,
        cost=cost.served,
        bound=math.nan,
        stop_reason=reason,
        seconds=seconds,
        iterations=iterations,
        engine=engine,
    )
