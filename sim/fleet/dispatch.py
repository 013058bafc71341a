"""The control room: who goes where today, what to do when a route cannot be kept, whom to ask."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
import simpy
from numpy.typing import NDArray

from sim.fleet import rows as R
from sim.fleet.demand import contents, reach
from sim.fleet.spec import DailyPolicy, FillPolicy, PlanPolicy
from sim.fleet.truck import Truck
from sim.kernel.planner import PlanningState, Reason, SiteState, Task, VehicleState

if TYPE_CHECKING:
    from sim.fleet.model import FleetRun

Floats = NDArray[np.float64]


class Dispatch:
    """Gives out routes, answers trucks that cannot go on, and calls the planner."""

    def __init__(self, model: FleetRun) -> None:
        self._m = model
        inputs = model.inputs
        self._policy = inputs.spec.policy
        self.planner = inputs.planner or inputs.own_planner
        self._version = 0
        self._outward: dict[tuple[str, int], tuple[int, Floats, Floats]] = {}
        self._ways_changed: simpy.Event | None = None
        self._given: dict[str, list[Task]] = {}
        self._given_on = -1
        self._due_at = (-1.0, 0.0)
        self._due_now = np.zeros(0, dtype=bool)
        if isinstance(self._policy, FillPolicy) and self._policy.call_share is not None:
            model.env.process(self._calls(self._policy.call_share))

    # -- the day's routes ------------------------------------------------------------------------

    def route(self, truck: Truck, day: int) -> list[Task]:
        """Return a truck's tasks for its shift of a day."""
        if isinstance(self._policy, PlanPolicy):
            return self._planned(truck, day)
        if isinstance(self._policy, DailyPolicy):
            if self._given_on != day:
                self._give_out(day, self._policy.route_share)
            return self._given.pop(truck.row.id, [])
        share = self._policy.route_share if isinstance(self._policy, FillPolicy) else -1.0
        tasks, numbers = self._m.inputs.stop_tasks, self._m.inputs.territories[truck.row.id]
        due = self._due(share)
        return [tasks[p] for p in numbers if due[p]]

    def _due(self, share: float) -> NDArray[np.bool_]:
        """Return which points are at least so full now, (P,)."""
        bins, now = self._m.bins, self._m.env.now
        if self._due_at != (now, share):
            full = share * bins.points["capacity_kg"]
            self._due_at, self._due_now = (now, share), contents(bins, now) >= full
        return self._due_now

    def _planned(self, truck: Truck, day: int) -> list[Task]:
        name = truck.row.id
        plan = self._m.inputs.planned
        rows = plan.get((name, day)) or plan.get((name, None), ())
        midnight = self._m.midnight_s(day)
        return [
            Task(
                row.kind, row.target, row.until_kwh,
                None if row.not_before_h is None else midnight + row.not_before_h * 3600.0,
            )
            for row in rows
        ]  # fmt: skip

    def _give_out(self, day: int, share: float) -> None:
        """Ask the planner for everyone's route of the day."""
        self._given_on = day
        due = self._due(share)
        todo = tuple(point.id for p, point in enumerate(self._m.inputs.points) if due[p])
        trucks = [t for t in self._m.trucks if self._m.works_on(t, day)]
        state = self._state("day_begins", "", frozenset(t.row.id for t in trucks), todo, trucks)
        routes = self._ask(state)
        self._given = {name: list(tasks) for name, tasks in routes.items()}
        assigned = {t.target for tasks in self._given.values() for t in tasks if t.kind == "stop"}
        for name in todo:
            if name not in assigned:
                self._m.tell("missed", name, None, "not_assigned")

    # -- what trucks ask -------------------------------------------------------------------------

    def outward(self, truck: Truck) -> tuple[Floats, Floats]:
        """Return, by place, the way to the nearest charger or depot, m, and the time to finish: to
        unload where its waste is taken and get home, s."""
        key = (truck.row.type, truck.depot)
        known = self._outward.get(key)
        if known is not None and known[0] == self._version:
            return known[1], known[2]
        m, depot = self._m, truck.depot
        travel, places = m.travel, m.inputs.places
        refuge = travel.distance_m[:, depot].copy()
        for row in m.charger_rows.values():
            if (truck.row.type, row.technology) in m.inputs.curves:
                np.minimum(refuge, travel.distance_m[:, places[row.place]], out=refuge)
        finish = travel.duration_s[:, depot].copy()
        if truck.type.must_end_empty:
            finish = np.full(len(places), math.inf)
            for plant in m.plants.values():
                if self._takes(plant.row, truck):
                    site = places[plant.row.place]
                    home = plant.row.unload_s + travel.duration_s[site, depot]
                    np.minimum(finish, travel.duration_s[:, site] + home, out=finish)
        self._outward[key] = (self._version, refuge, finish)
        return refuge, finish

    def _takes(self, row: R.Site, truck: Truck) -> bool:
        return bool(set(row.streams.split()) & set(truck.type.streams.split()))

    def best_site(self, truck: Truck) -> str | None:
        """Return the site where it is empty soonest by what is known now; none if none takes it."""
        m = self._m
        on_board = {R.STREAMS[s] for s in range(4) if truck.load_kg[s] > 0.0}
        way_s, best, choice = truck.ways()[1], math.inf, None
        for name, plant in m.plants.items():
            taken = set(plant.row.streams.split())
            if not (on_board & taken if on_board else self._takes(plant.row, truck)):
                continue
            queue_s = plant.bays.waiting / plant.row.bays * plant.row.unload_s
            late = 1e6 if plant.closed else 0.0
            total = way_s[m.inputs.places[plant.row.place]] + queue_s + late
            if total < best:
                best, choice = total, name
        return choice

    def best_charger(self, truck: Truck) -> str | None:
        """Return the charger in reach that is nearest in time, queues counted at half an hour a
        truck and gun; none if none is in reach."""
        m = self._m
        way_m, way_s = truck.ways()
        best, choice = math.inf, None
        per_m = truck.kind.kwh_per_m + truck.kind.kwh_per_m_kg * truck.load_kg.sum()
        for name, row in m.charger_rows.items():
            place, queue = m.inputs.places[row.place], m.chargers[name].queue
            in_reach = way_m[place] * per_m <= truck.energy_kwh
            known = (truck.row.type, row.technology) in m.inputs.curves
            total = way_s[place] + 1800.0 * queue.waiting / row.guns
            if known and queue.up > 0 and in_reach and total < best:
                best, choice = total, name
        return choice

    def depot_charger(self, truck: Truck) -> str | None:
        """Return the charger at its depot with the shortest queue."""
        m = self._m
        here = [
            name
            for name, row in m.charger_rows.items()
            if m.inputs.places[row.place] == truck.depot
            and (truck.row.type, row.technology) in m.inputs.curves
        ]
        return min(
            here, key=lambda n: m.chargers[n].queue.waiting / m.charger_rows[n].guns, default=None
        )

    def plan_reaches(self, truck: Truck) -> bool:
        """Whether the route as it is gets to a charger or home with the reserve in hand."""
        m, kind, points = self._m, truck.kind, self._m.bins.points
        lying = contents(m.bins, m.env.now)
        energy, load = truck.energy_kwh, float(truck.load_kg.sum())
        way_m = truck.ways()[0]

        def drive_to(place: int) -> float:
            return float(way_m[place] * (kind.kwh_per_m + kind.kwh_per_m_kg * load))

        for task in truck.tasks:
            place = self._place_of(task)
            if place is None:
                continue
            energy -= drive_to(place)
            way_m = m.travel.distance_m[place]
            if task.kind == "charger":
                return bool(energy >= kind.reserve_kwh - 1e-9)
            if task.kind == "site":
                load = 0.0
            else:
                p = m.point_of[task.target]
                kg = max(min(float(lying[p]), kind.payload_kg - load), 0.0)
                load += kg
                energy -= kind.lift_kwh * points["lifts"][p] + kind.compaction_kwh_per_kg * kg
        return bool(energy - drive_to(truck.depot) >= kind.reserve_kwh - 1e-9)

    def missed(self, truck: Truck, point: str, why: str) -> None:
        """Note that a stop of a route is not served."""
        self._m.tell("missed", point, None, f"{why} {truck.row.id}")

    def left_rest(self, truck: Truck, point: str) -> None:
        """Note that a stop was served but not emptied."""
        kg = contents(self._m.bins, self._m.env.now)[self._m.point_of[point]]
        self._m.tell("left_rest", point, float(kg), truck.row.id)

    def ways_changed(self) -> simpy.Event:
        """Event that fires when the travel tables change."""
        if self._ways_changed is None:
            self._ways_changed = self._m.env.event()
        return self._ways_changed

    # -- what puts routes into question ----------------------------------------------------------

    def streets_changed(self, before: Floats) -> None:
        """Take over new travel tables: ask about routes that use a way that has changed."""
        m = self._m
        self._version += 1
        if self._ways_changed is not None:
            self._ways_changed.succeed()
            self._ways_changed = None
        changed = m.travel.duration_s != before
        touched = set()
        for truck in m.trucks:
            if truck.on_duty and self._uses(truck, changed):
                touched.add(truck.number)
        self._disrupted("street_changed", "", touched)
        for truck in m.trucks:
            if truck.number in touched:
                truck.rethink()

    def _uses(self, truck: Truck, changed: NDArray[np.bool_]) -> bool:
        here, inputs = truck.place, self._m.inputs
        if here >= len(inputs.places) or here < 0:
            return True
        for task in truck.tasks:
            place = self._place_of(task)
            if place is not None:
                if changed[here, place]:
                    return True
                here = place
        return bool(changed[here, truck.depot])

    def _place_of(self, task: Task) -> int | None:
        m = self._m
        if task.kind == "stop":
            return int(m.bins.points["place"][m.point_of[task.target]])
        rows: Any = m.charger_rows if task.kind == "charger" else m.site_rows
        return None if task.kind == "break" else m.inputs.places[rows[task.target].place]

    def truck_down(self, truck: Truck, work_s: float) -> None:
        """Ask who takes over from a truck that has broken down."""
        if work_s > self._m.inputs.spec.replan_after_min * 60.0:
            self._disrupted("truck_down", truck.row.id, {truck.number})

    def truck_back(self, truck: Truck, work_s: float) -> None:
        """Ask whether a repaired truck takes something over."""
        if work_s > self._m.inputs.spec.replan_after_min * 60.0:
            self._disrupted("truck_back", truck.row.id, {truck.number})

    def site_changed(self, site: str, stopped: bool) -> None:
        """Ask about routes that lead to a site that stops or resumes."""
        touched = {
            t.number
            for t in self._m.trucks
            if t.on_duty and any(task.kind == "site" and task.target == site for task in t.tasks)
        }
        self._disrupted("site_stopped" if stopped else "site_resumed", site, touched)

    def _calls(self, share: float) -> Any:
        """Add points that reach the level of a call to somebody's route, at that moment."""
        m, env = self._m, self._m.env
        level = share * m.bins.points["capacity_kg"]
        called = np.zeros(len(level), dtype=bool)
        while True:
            called &= contents(m.bins, env.now) >= level
            at = reach(m.bins, level)
            for p in np.flatnonzero((at <= env.now) & ~called):
                called[p] = True
                self._call(int(p))
            later = at[at > env.now]
            soonest = float(later.min()) if later.size else math.inf
            # What a collection puts off is found when it is over.
            if soonest < math.inf:
                yield env.timeout(soonest - env.now) | m.collected
            else:
                yield m.collected

    def _call(self, p: int) -> None:
        name = self._m.inputs.points[p].id
        if any(t.target == name for truck in self._m.trucks for t in truck.tasks):
            return
        self._m.tell("point_calls", name, float(contents(self._m.bins, self._m.env.now)[p]))
        self._disrupted("point_calls", name, set(), (name,))

    # -- asking the planner ----------------------------------------------------------------------

    def _disrupted(
        self, reason: Reason, entity: str, touched: set[int], unassigned: tuple[str, ...] = ()
    ) -> None:
        if self._m.inputs.spec.replanning == "off" or not (touched or unassigned):
            return
        trucks = [t for t in self._m.trucks if t.on_duty]
        affected = frozenset(t.row.id for t in trucks if t.number in touched)
        state = self._state(reason, entity, affected, unassigned, trucks)
        routes = self._ask(state)
        for truck in trucks:
            tasks = routes.get(truck.row.id)
            if tasks is not None:
                self._m.tell("route_changed", truck.row.id, float(len(tasks)), reason)
                truck.order(tasks)
        kept = {v.id: routes.get(v.id, v.tasks) for v in state.vehicles}
        served = {t.target for tasks in kept.values() for t in tasks if t.kind == "stop"}
        before = {t.target for v in state.vehicles for t in v.tasks if t.kind == "stop"}
        for name in sorted((before | set(unassigned)) - served):
            self._m.tell("missed", name, None, f"given_up {reason}")

    def _ask(self, state: PlanningState) -> Mapping[str, tuple[Task, ...]]:
        routes = self.planner.replan(state)
        vehicles = {v.id for v in state.vehicles}
        m = self._m
        known: Any = {"stop": m.point_of, "site": m.plants, "charger": m.chargers}
        twice: dict[str, int] = {}
        for v in state.vehicles:
            for task in v.tasks:
                twice[task.target] = twice.get(task.target, 0) - 1
            for task in routes.get(v.id, v.tasks):
                if task.kind != "break" and task.target not in known[task.kind]:
                    raise ValueError(f"the planner sends {v.id} to {task.kind} '{task.target}'")
                if task.kind == "stop":
                    twice[task.target] = twice.get(task.target, 0) + 1
        unassigned = set(state.unassigned)
        for target, more in twice.items():
            if more > (target in unassigned):
                raise ValueError(f"the planner has {target} served more often than before")
        if strangers := set(routes) - vehicles:
            raise ValueError(f"the planner answers for {', '.join(sorted(strangers))}")
        return routes

    def _state(
        self,
        reason: Reason,
        entity: str,
        affected: frozenset[str],
        unassigned: tuple[str, ...],
        trucks: list[Truck],
    ) -> PlanningState:
        m = self._m
        now, names = m.env.now, list(m.inputs.places)
        lying = contents(m.bins, now)
        vehicles = []
        for truck in trucks:
            look = truck.outlook()
            shift_end_s, latest_s, begins_s = m.shift_ends(truck)
            vehicles.append(
                VehicleState(
                    truck.row.id, truck.row.type,
                    names[look.place] if 0 <= look.place < len(names) else "",
                    max(look.free_s, begins_s), look.way[0], look.way[1],
                    {s: float(kg) for s, kg in zip(R.STREAMS, look.load_kg, strict=True)},
                    look.energy_kwh if truck.electric else math.nan, truck.row.depot,
                    shift_end_s, latest_s, look.tasks, truck.mode == "down",
                )
            )  # fmt: skip
        stops = {t.target for v in vehicles for t in v.tasks if t.kind == "stop"}
        stops.update(unassigned)
        sites = tuple(
            SiteState(
                name, not plant.closed, plant.bays.waiting, plant.look(),
                math.inf if plant.row.buffer_t is None else plant.row.buffer_t - plant.look(),
            )
            for name, plant in m.plants.items()
        )  # fmt: skip
        down = frozenset(name for name, site in m.chargers.items() if site.queue.up == 0)
        return PlanningState(
            now, reason, entity, tuple(vehicles), affected, unassigned,
            {name: float(lying[m.point_of[name]]) for name in stops},
            sites, down, m.inputs.places, m.travel.distance_m, m.travel.duration_s,
        )  # fmt: skip
