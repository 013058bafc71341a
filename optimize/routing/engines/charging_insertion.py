"""Chargers put into a given order of stops and sites, by dynamic programming over labels.

For engines that know nothing of batteries. A label is (cost, time, energy) at a position; one is
dropped if another is no worse in all three. Between two positions a truck goes straight, over one
charger, or over two where one is not enough. With full recharging the result is the best for the
order. With partial recharging it is charged up to what some later position or the end asks for, to
a knot of the curve, or full, which is the best for one charge of a route and no proof for more.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from optimize.routing.problem import Problem, TruckType
from optimize.routing.timetable import (
    Call,
    arrival_s,
    charging_s,
    first_moment,
    leg_kwh,
    timetable,
)

# Chargers tried between two positions: those with the shortest detours.
_CHARGERS = 12
_SLACK_KWH = 1e-9
_SLACK_S = 1e-7


@dataclass(frozen=True)
class _Position:
    """A call, or the end, with what the order alone decides."""

    call: Call | None
    place: int
    energy_kwh: float
    standing_s: float
    released_s: float
    load_before: tuple[float, ...]


@dataclass(frozen=True)
class _Label:
    cost: float
    time_s: float
    energy_kwh: float
    before: _Label | None
    calls: tuple[Call, ...]


def insert_chargers(
    problem: Problem, truck_type: int, calls: Sequence[Call]
) -> tuple[list[Call], float] | None:
    """Return the calls with charging visits, and their cost; None if there is no way."""
    return _Insertion(problem, truck_type, calls).run()


class _Insertion:
    def __init__(self, problem: Problem, truck_type: int, calls: Sequence[Call]) -> None:
        self.problem = problem
        self.truck: TruckType = problem.trucks[truck_type]
        # The timetable without charging knows loads, places and standing times.
        bare = timetable(problem, truck_type, 0, calls)
        self.start_s = bare.visits[0].end_s
        self.positions = []
        load = bare.visits[0].load
        for call, visit in zip([*calls, None], bare.visits[1:], strict=True):
            drawn = visit.energy_arrive_kwh - visit.energy_end_kwh
            standing = released = 0.0
            if call is not None and call.kind == "site":
                site = problem.sites[call.index]
                standing = site.unload_s + sum(
                    r * a
                    for r, a, takes in zip(
                        site.unload_s_per_unit or (0.0,) * len(load), load, site.accepts,
                        strict=True,
                    )
                    if takes
                )  # fmt: skip
                released = max(visit.end_s - visit.begin_s - standing, 0.0) and visit.end_s
            elif call is not None:
                standing = visit.end_s - visit.begin_s
            self.positions.append(_Position(call, visit.place, drawn, standing, released, load))
            load = visit.load
        self.start_load = bare.visits[0].load
        self.needs = self._needs()

    def _leg(self, start: int, end: int, load: tuple[float, ...]) -> float:
        return leg_kwh(self.problem, self.truck, start, end, load)

    def _needs(self) -> list[float]:
        """Energy from leaving the place of position k-1 (straight) to just after position k."""
        places = [self.truck.start, *(p.place for p in self.positions)]
        return [
            self._leg(places[k], p.place, p.load_before) + p.energy_kwh
            for k, p in enumerate(self.positions)
        ]

    def run(self) -> tuple[list[Call], float] | None:
        truck = self.truck
        battery = truck.battery_kwh or 0.0
        energy = battery if truck.start_kwh is None else truck.start_kwh
        labels = [_Label(0.0, self.start_s, energy, None, ())]
        place = truck.start
        for k, position in enumerate(self.positions):
            labels = self._step(labels, k, place, position)
            if not labels:
                return None
            place = position.place
        best = min(labels, key=lambda label: label.cost)
        calls: list[Call] = []
        label: _Label | None = best
        while label is not None:
            calls[:0] = label.calls
            label = label.before
        return calls, best.cost

    def _step(self, labels: list[_Label], k: int, place: int, position: _Position) -> list[_Label]:
        found: list[_Label] = []
        chargers = self._nearest(place, position.place)
        for label in labels:
            self._arrive(label, label, place, position, (), found)
            for charger in chargers:
                for charged in self._charge(label, place, charger, k, position):
                    at = self.problem.chargers[charger].place
                    self._arrive(label, charged, at, position, charged.calls, found)
        if not found:
            for label in labels:
                for first in chargers:
                    for charged in self._charge(label, place, first, k, position):
                        at = self.problem.chargers[first].place
                        for second in range(len(self.problem.chargers)):
                            for again in self._charge(charged, at, second, k, position):
                                end = self.problem.chargers[second].place
                                calls = (*charged.calls, *again.calls)
                                self._arrive(label, again, end, position, calls, found)
        return _undominated(found)

    def _nearest(self, start: int, end: int) -> list[int]:
        distance = self.problem.travel.distance_m
        at = [charger.place for charger in self.problem.chargers]
        detour = distance[start, at] + distance[at, end]
        order = np.argsort(detour, kind="stable")[:_CHARGERS]
        return [int(c) for c in order if math.isfinite(detour[c])]

    def _cost(self, start: int, end: int, load: tuple[float, ...], seconds: float) -> float:
        metres = float(self.problem.travel.distance_m[start, end]) if start != end else 0.0
        return (
            metres * self.truck.cost_per_m
            + self._leg(start, end, load) * self.truck.cost_per_kwh
            + seconds * self.truck.cost_per_s
        )

    def _arrive(
        self,
        before: _Label,
        leaving: _Label,
        place: int,
        position: _Position,
        calls: tuple[Call, ...],
        found: list[_Label],
    ) -> None:
        """Add the label after serving a position, if it may be served."""
        truck, problem = self.truck, self.problem
        drive_kwh = self._leg(place, position.place, position.load_before)
        energy = leaving.energy_kwh - drive_kwh - position.energy_kwh
        if energy < truck.reserve_kwh - _SLACK_KWH:
            return
        arrive = arrival_s(problem.travel, place, position.place, leaving.time_s)
        if not math.isfinite(arrive):
            return
        call = position.call
        begin = arrive
        if call is None:
            last = truck.shift_s[1] + truck.overtime_s
            if (
                energy < truck.end_kwh - _SLACK_KWH
                or arrive > last + _SLACK_S
                or arrive - self.start_s > truck.most_duration_s + _SLACK_S
            ):
                return
        else:
            windows = (
                problem.stops[call.index].windows
                if call.kind == "stop"
                else problem.sites[call.index].windows
            )
            begin = first_moment(windows, arrive)
            if begin > windows[-1][1] + _SLACK_S:
                return
        end = max(begin + position.standing_s, position.released_s)
        cost = leaving.cost + self._cost(
            place, position.place, position.load_before, end - leaving.time_s
        )
        if call is None:
            cost += max(arrive - truck.shift_s[1], 0.0) * truck.cost_per_overtime_s
        done = calls if call is None else (*calls, call)
        found.append(_Label(cost, end, energy, before, done))

    def _charge(
        self, label: _Label, place: int, charger: int, k: int, position: _Position
    ) -> list[_Label]:
        """Return labels on leaving a charger, by how far it charges."""
        truck, problem = self.truck, self.problem
        there = problem.chargers[charger]
        energy = label.energy_kwh - self._leg(place, there.place, position.load_before)
        if energy < truck.reserve_kwh - _SLACK_KWH:
            return []
        arrive = arrival_s(problem.travel, place, there.place, label.time_s)
        begin = first_moment(there.windows, arrive)
        if not math.isfinite(begin) or begin > there.windows[-1][1] + _SLACK_S:
            return []
        found = []
        for goal in self._goals(energy, there.place, k, position):
            end = begin + charging_s(truck, there.technology, energy, goal)
            cost = label.cost + self._cost(
                place, there.place, position.load_before, end - label.time_s
            )
            found.append(_Label(cost, end, goal, None, (Call("charger", charger, goal),)))
        return found

    def _goals(self, energy: float, place: int, k: int, position: _Position) -> list[float]:
        full = self.truck.battery_kwh or 0.0
        if self.problem.recharge == "full":
            return [full]
        goals = {full}
        goals.update(
            knot
            for curve in self.truck.charging
            for knot in curve.energy_kwh
            if energy < knot < full
        )
        need = self._leg(place, position.place, position.load_before) + position.energy_kwh
        at = [charger.place for charger in self.problem.chargers]
        for later in range(k, len(self.positions)):
            if later > k:
                need += self.needs[later]
            if need > full:
                break
            if later + 1 == len(self.positions):
                goals.add(need + max(self.truck.reserve_kwh, self.truck.end_kwh))
            else:
                after = self.positions[later + 1].load_before
                onward = min(self._leg(self.positions[later].place, c, after) for c in at)
                goals.add(need + self.truck.reserve_kwh + onward)
        return sorted({goal for goal in goals if energy <= goal <= full})


def _undominated(labels: list[_Label]) -> list[_Label]:
    labels.sort(key=lambda label: (label.cost, label.time_s, -label.energy_kwh))
    kept: list[_Label] = []
    for label in labels:
        if not any(
            k.cost <= label.cost and k.time_s <= label.time_s and k.energy_kwh >= label.energy_kwh
            for k in kept
        ):
            kept.append(label)
    return kept
