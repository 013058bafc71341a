"""A truck and its crew on the clock: one process each, asleep until something concerns it.

Whatever the truck does ahead of time is kept as rows (see `sim.fleet.legs`); when its tasks change
or a street closes, the rows not begun are dropped and the rest of the route is worked out anew.
"""

from __future__ import annotations

import math
from collections.abc import Generator, Sequence
from typing import TYPE_CHECKING

import numpy as np
import simpy
from numpy.typing import NDArray

from sim.fleet import legs as L
from sim.fleet import rows as R
from sim.fleet.charging import Charge
from sim.fleet.demand import DAY_S
from sim.fleet.legs import Duty
from sim.fleet.queues import Queue
from sim.fleet.vehicle import Outlook, Vehicle, Way, shortened
from sim.kernel.planner import Task

if TYPE_CHECKING:
    from sim.fleet.model import FleetRun

Floats = NDArray[np.float64]
Process = Generator[simpy.Event, object, None]
Changed = Generator[simpy.Event, object, bool]

NOTHING_KG = 1e-6


class Truck(Vehicle):
    """One truck.

    Attributes
    ----------
    tasks : list of Task
        What is left of its route; the first may be under way.
    on_duty : bool
        Whether a shift is under way: only then it takes orders.
    mode : str
        ``off``; ``carry``: rows are being carried out; ``wait``; ``service``: it cannot be
        called away; ``down``.
    """

    def __init__(self, number: int, row: R.Truck, model: FleetRun) -> None:
        super().__init__(number, row, model)
        self.shift: R.Shift = model.shifts[row.shift]
        self.tasks: list[Task] = []
        self.mode = "off"
        self.on_duty = False
        self.until_s = 0.0  # when it is expected to be free, in service or down
        self.doing = (L.IDLE, 0, 0.0)  # kind, target and begin of what is not in rows
        self.env = model.env
        self._rows: Floats | None = None
        self._row_stops = 0
        self._end: Way | None = None
        self._new: list[Task] | None = None
        self._bay: Queue | None = None
        self._legs = self._failures = 0
        self._life_s = model.luck.life_s(self, 0)
        self._broken_until_s = 0.0
        self.process = self.env.process(self._work())

    # -- days ------------------------------------------------------------------------------------

    def _work(self) -> Process:
        inputs = self.model.inputs
        for day, weekday in enumerate(inputs.weekdays):
            midnight = day * DAY_S - inputs.start_of_day_s
            from_s, to_s = (midnight + h * 3600.0 for h in (self.shift.from_h, self.shift.to_h))
            if str(weekday) not in self.shift.weekdays or to_s <= self.env.now:
                continue
            if self.env.now < from_s:
                yield self.env.timeout(from_s - self.env.now)
            self.duty = self._duty(midnight, to_s)
            self.of_duty = np.array(self.duty)
            self.tasks = self.model.dispatch.route(self, day)
            if not self.tasks:
                continue
            if self.duty.break_s > 0.0 and any(task.kind == "break" for task in self.tasks):
                self.duty = self.duty._replace(break_s=0.0)
                self.of_duty = np.array(self.duty)
            yield from self._shift(to_s)
            if inputs.spec.charge_after_shift and self.electric:
                yield from self._charge_at_depot(from_s + DAY_S)

    def _duty(self, midnight: float, to_s: float) -> Duty:
        shift, h = self.shift, 3600.0
        ruled = shift.driving_h is not None
        return Duty(
            midnight + (shift.break_from_h or 0.0) * h,
            midnight + (shift.break_to_h or 0.0) * h,
            shift.break_min * 60.0,
            (shift.driving_h or 0.0) * h if ruled else math.inf,
            shift.rest_min * 60.0 if ruled else math.inf,
            to_s + shift.overtime_h * h,
        )

    def _shift(self, to_s: float) -> Process:
        model, began = self.model, self.env.now
        self.driven_s = self.rested = 0.0
        tried: set[str] = set()
        model.tell("shift_begins", self.row.id)
        self.on_duty = True
        while True:
            if self._new is not None:
                self.tasks, self._new = self._new, None
            self.mode = "wait"
            if self._broken_until_s > self.env.now:
                yield from self._stand(self._broken_until_s - self.env.now)
                model.tell("truck_back", self.row.id)
                continue
            if self.tasks:
                task = self.tasks[0]
                if task.kind == "stop":
                    yield from self._stops(tried)
                elif task.kind == "site":
                    yield from self._unload(task)
                elif task.kind == "charger":
                    yield from self._charge(task)
                else:
                    yield from self._break(task)
                continue
            site = None
            if self.load_kg.sum() > NOTHING_KG and self.type.must_end_empty:
                site = model.dispatch.best_site(self)
            if site is not None:
                self.tasks.append(Task("site", site))
                continue
            changed = yield from self._go(self.depot, model.depot_code(self.depot))
            if not changed and not self.tasks and self._new is None:
                break
        self.mode, self.on_duty = "off", False
        model.tell("shift_ends", self.row.id, (self.env.now - began) / 3600.0)
        over_h = (self.env.now - to_s) / 3600.0
        if over_h > 1e-9:
            model.tell("overtime", self.row.id, over_h)
        if self.load_kg.sum() > NOTHING_KG:
            model.tell("kept_load", self.row.id, float(self.load_kg.sum()))

    # -- orders ----------------------------------------------------------------------------------

    @property
    def held(self) -> bool:
        """Whether it is in service and cannot be called away."""
        return self.mode == "service" and not (
            self._bay is not None and self._bay.is_waiting(self.number)
        )

    def outlook(self) -> Outlook:
        """Return where and when it can take new orders (see `Outlook`)."""
        now, tasks = self.env.now, tuple(self.tasks)
        if self._rows is not None:
            rows, end = self.cut(self._rows, self._end)
            last = rows[-1]
            collected = int((rows[:, L.KIND] == L.COLLECT).sum())
            place = int(last[L.PLACE])
            return Outlook(
                place, max(float(last[L.TO_S]), now), end or self.model.travel.way_from(place),
                last[L.LOAD : L.LOAD + 4].copy(), float(last[L.ENERGY]),
                tasks[min(collected, self._row_stops) :],
            )  # fmt: skip
        load, free_s = self.load_kg.copy(), now
        if self.held:
            if self._bay is not None:
                load[:] = 0.0
            tasks = tasks[1:]
        if self.held or self.mode == "down":
            free_s = max(self.until_s, now)
        return Outlook(self.place, free_s, self.ways(), load, self.energy_kwh, tasks)

    def order(self, tasks: Sequence[Task]) -> None:
        """Give it new tasks in place of those it has not begun."""
        if self.held:
            self.tasks = [self.tasks[0], *tasks]
        elif self.mode == "down" or self.process is self.env.active_process:
            self.tasks = list(tasks)
        elif self.mode != "off":
            self._new = list(tasks)
            self.process.interrupt()

    def break_down(self, lasts_s: float) -> None:
        """Break down now: as soon as it is where it can stand."""
        self._broken_until_s = self.env.now + lasts_s
        if self.on_duty and not self.held and self.mode != "down":
            self.order(self.outlook().tasks)

    def rethink(self) -> None:
        """Work out the rest of the route anew, because ways have changed."""
        if self._rows is not None:
            self.order(self.outlook().tasks)

    # -- rows ------------------------------------------------------------------------------------

    def _carry(self, rows: Floats, stops: int) -> Changed:
        """Carry out rows that serve so many stops; true if they were cut short."""
        model = self.model
        end, broken, changed = None, False, False
        if self._life_s < math.inf:
            whole = rows
            rows, end, broken = self.until_breakdown(rows, self._life_s)
            L.release(whole[len(rows) :], model.claim)
        self._rows, self._end, self._row_stops, self.mode = rows, end, stops, "carry"
        while True:
            left_s = rows[-1, L.TO_S] - self.env.now
            try:
                if left_s > 0.0:
                    yield self.env.timeout(left_s)
                break
            except simpy.Interrupt:
                kept, self._end = self.cut(rows, self._end)
                L.release(rows[len(kept) :], model.claim)
                changed, broken = True, broken and len(kept) == len(rows)
                rows = self._rows = kept
        self._rows, self.mode = None, "wait"
        self.commit(rows, self._end)
        if self._new is None:
            collected = int((rows[:, L.KIND] == L.COLLECT).sum())
            del self.tasks[: min(collected, stops)]
        if broken:
            yield from self._repair()
        return changed or broken

    def _repair(self) -> Process:
        model, began = self.model, self.env.now
        self._failures += 1
        work_s = model.luck.repair_s(self, self._failures)
        yield from self._stand(work_s)
        self._life_s = self.worked_s + model.luck.life_s(self, self._failures)
        model.tell("truck_back", self.row.id, (self.env.now - began) / 3600.0)

    def _stand(self, work_s: float) -> Process:
        """Stand until a mechanic has come and done the work."""
        model, began = self.model, self.env.now
        if self._new is not None:
            self.tasks, self._new = self._new, None
        self.mode, self.until_s = "down", began + work_s
        self.doing = (L.REPAIR, model.depot_code(self.depot), began)
        model.tell("truck_down", self.row.id)
        turn = model.mechanics.join(self.number, work_s)
        assert turn is not None, "the queue has room for every truck"
        model.dispatch.truck_down(self, work_s)
        yield turn.done
        self._did(self.env.now)
        model.dispatch.truck_back(self, work_s)

    def _did(self, to_s: float, amount: float = 0.0) -> None:
        """Log what it was doing, and begin to do nothing."""
        kind, target, since_s = self.doing
        self.doing, self.mode = (L.IDLE, 0, to_s), "wait"
        if kind != L.IDLE:
            self.stood(kind, target, since_s, to_s, amount)

    # -- stops -----------------------------------------------------------------------------------

    def _stops(self, tried: set[str]) -> Process:
        model, tasks, count = self.model, self.tasks, 1
        while count < len(tasks) and tasks[count].kind == "stop":
            count += 1
        numbers = model.point_of
        stops = np.array([numbers[task.target] for task in tasks[:count]], dtype=np.int64)
        not_before = np.array(
            [-math.inf if t.not_before_s is None else t.not_before_s for t in tasks[:count]]
        )
        outward, first = model.dispatch.outward(self), self.ways()
        for force in (False, True):
            rows, done, code = L.stretch(
                model.course, stops, not_before, self.of_kind, self.of_duty, first, outward,
                self.number, force, self.state(),
            )  # fmt: skip
            n = len(rows)
            # A plan may know better than to keep the nearest charger within reach.
            if n or code != L.LOW or not model.dispatch.plan_reaches(self):
                break
        changed = False
        if n:
            changed = yield from self._carry(rows, done)
        if not n and code == L.NO_WAY and self._trapped():
            self.doing = (L.WAIT, int(stops[0]), self.env.now)
            yield from self._until(model.dispatch.ways_changed())
            self._did(self.env.now)
        elif not changed:
            self._after_stretch(code, n, tried)

    def _trapped(self) -> bool:
        """Whether no way leads anywhere else."""
        way_s = self.ways()[1]
        return int(np.isfinite(way_s).sum()) <= int((way_s == 0.0).sum())

    def _after_stretch(self, code: int, rows: int, tried: set[str]) -> None:
        """Do what the end of a stretch calls for."""
        tasks, dispatch = self.tasks, self.model.dispatch
        if code == L.FULL:
            if rows and len(tasks) > 1 and tasks[1].kind == "site":
                dispatch.left_rest(self, tasks.pop(0).target)
                return
            site = dispatch.best_site(self)
            if site is None or self.load_kg.sum() <= NOTHING_KG:
                self._miss("no_site")
            else:
                tasks.insert(0, Task("site", site))
        elif rows:
            return  # what comes next is looked at when the truck is there
        elif code == L.LOW:
            charger = dispatch.best_charger(self)
            if charger is None or tasks[0].target in tried:
                self._miss("energy")
            else:
                tried.add(tasks[0].target)
                tasks.insert(0, Task("charger", charger, self._recourse_kwh()))
        elif code == L.LATE:
            self._miss("time")
        elif code == L.NO_WAY:
            self._miss("no_way")
        elif code == L.TAKEN:  # another truck is about to serve it: come back to it last, once
            task = tasks.pop(0)
            if f"taken {task.target}" not in tried:
                tried.add(f"taken {task.target}")
                tasks.append(task)

    def _recourse_kwh(self) -> float | None:
        share, battery = self.model.inputs.spec.recourse_charge_share, self.type.battery_kwh or 0.0
        return None if self.energy_kwh > 0.9 * share * battery else share * battery

    def _miss(self, why: str) -> None:
        self.model.dispatch.missed(self, self.tasks.pop(0).target, why)

    # -- ways to where it meets others -----------------------------------------------------------

    def _go(self, place: int, target: int) -> Changed:
        """Drive to a place; true if something changed, so that it may not be there."""
        model = self.model
        way_m, way_s = self.ways()
        if self.place == place:
            return False
        if not math.isfinite(way_s[place]):
            self.doing = (L.WAIT, target, self.env.now)
            yield from self._until(model.dispatch.ways_changed())
            self._did(self.env.now)
            return True
        luck = model.luck.leg(self, self._legs)
        self._legs += 1
        rows = L.trip(
            model.course.ways, target, place, way_m[place], way_s[place], luck, self.of_kind,
            self.of_duty, self.state(),
        )  # fmt: skip
        if not len(rows):
            self.place, self.way = place, None
            return False
        return (yield from self._carry(rows, 0))

    def _until(self, event: simpy.Event) -> Changed:
        """Wait for an event; true if new orders come first."""
        try:
            if not event.processed:
                yield event
        except simpy.Interrupt:
            return True
        return False

    def _stays(self, task: Task) -> bool:
        """Whether new orders begin with what it is doing anyway; then they are taken over."""
        if self._new is None:
            return True
        first = self._new[0] if self._new else None
        if first is None or (first.kind, first.target) != (task.kind, task.target):
            return False
        self.tasks, self._new = [task, *self._new[1:]], None
        return True

    def _break(self, task: Task) -> Process:
        here = self.model.depot_code(self.depot)
        wait_s = (task.not_before_s or 0.0) - self.env.now
        if wait_s > 0.0:
            self.doing = (L.WAIT, here, self.env.now)
            called = yield from self._until(self.env.timeout(wait_s))
            self._did(self.env.now)
            if called:
                return
        lasts_s = self.shift.break_min * 60.0
        self.mode, self.until_s = "service", self.env.now + lasts_s
        self.doing = (L.REST, here, self.env.now)
        yield self.env.timeout(lasts_s)
        self.rested = 1.0
        self._did(self.env.now)
        self.tasks.pop(0)

    # -- unloading -------------------------------------------------------------------------------

    def _unload(self, task: Task) -> Process:
        model = self.model
        plant, target = model.plants[task.target], model.code_of[task.target]
        if (yield from self._go(model.inputs.places[plant.row.place], target)):
            return
        accepted = [s for s in self.streams if R.STREAMS[s] in plant.row.streams.split()]
        kg = float(self.load_kg[accepted].sum())
        self.doing, arrived = (L.WAIT, target, self.env.now), self.env.now
        while (event := self._not_yet(task, kg)) is not None:
            if (yield from self._until(event)) and not self._stays(task):
                self._did(self.env.now)
                return
        work_s = plant.row.unload_s + plant.row.unload_s_per_t * kg / 1e3
        work_s *= model.luck.unload(self, self._legs)
        self._legs += 1
        turn = plant.bays.join(self.number, work_s)
        assert turn is not None, "the queue has room for every truck"
        self.mode, self._bay, self.until_s = "service", plant.bays, self.env.now + work_s
        while not turn.done.triggered:
            if (yield from self._until(turn.done)) and not self._stays(task):
                plant.bays.leave(self.number)
        self._bay = None
        done = bool(turn.done.value)
        if turn.began_s == turn.began_s:  # not NaN: it has begun
            self._did(turn.began_s)
            share = 1.0 if done else turn.served_s / work_s
            tipped = self.load_kg[accepted] * share
            self.load_kg[accepted] = 0.0 if done else self.load_kg[accepted] - tipped
            plant.tip(float(tipped.sum()) / 1e3)
            self.stood(L.UNLOAD, target, turn.began_s, self.env.now, float(tipped.sum()))
        self._did(self.env.now)
        if self.env.now - arrived >= self.duty.rest_s:
            self.driven_s = 0.0
        if done:
            self.tasks.pop(0)

    def _not_yet(self, task: Task, kg: float) -> simpy.Event | None:
        """Return what to wait for before it may queue for a bay, or none."""
        plant = self.model.plants[task.target]
        wait_s = max(plant.opens_in_s(), (task.not_before_s or 0.0) - self.env.now)
        if wait_s > 0.0:
            return self.env.timeout(wait_s)
        room_s = plant.room_in_s(kg / 1e3)
        return plant.wait_for_room(room_s) if room_s > 0.0 else None

    # -- charging --------------------------------------------------------------------------------

    def _charge(self, task: Task) -> Process:
        model = self.model
        row = model.charger_rows[task.target]
        target = model.code_of[task.target]
        if (yield from self._go(model.inputs.places[row.place], target)):
            return
        self.doing = (L.WAIT, target, self.env.now)
        arrived = self.env.now
        wait_s = (task.not_before_s or 0.0) - arrived
        while wait_s > 0.0:
            if (yield from self._until(self.env.timeout(wait_s))) and not self._stays(task):
                self._did(self.env.now)
                return
            wait_s = (task.not_before_s or 0.0) - self.env.now
        yield from self._at_gun(task.target, task.until_kwh, task, math.inf)
        if self.env.now - arrived >= self.duty.rest_s:
            self.driven_s = 0.0

    def _at_gun(
        self, charger: str, until_kwh: float | None, task: Task | None, until_s: float
    ) -> Process:
        """Queue and charge; ``until_s``: go then, however far it is charged."""
        model = self.model
        site, target = model.chargers[charger], model.code_of[charger]
        curve = model.inputs.curves.get((self.row.type, model.charger_rows[charger].technology))
        if curve is None:
            if task is not None:
                self.tasks.pop(0)
            return
        goal = curve.energy_kwh[-1] if until_kwh is None else until_kwh

        def tell(piece: Charge) -> None:
            if self.doing[0] == L.WAIT:
                self._did(piece.from_s)
            self.charged(target, piece.from_s, piece.to_s, piece.kwh, piece.energy_kwh)
            self.doing = (L.IDLE, target, piece.to_s)
            model.energy_cny += piece.cny

        session = site.charge(self.number, curve, self.energy_kwh, goal, tell)
        self.mode, self._bay = "service", site.queue
        self.until_s = self.env.now + curve.seconds(self.energy_kwh, goal)
        done = session.turn.done
        gone = self.env.timeout(until_s - self.env.now) if until_s < math.inf else None
        while not done.triggered:
            event = done if gone is None else done | gone
            called = yield from self._until(event)
            leaves = gone is not None and gone.processed
            if task is not None and called:
                leaves = not self._stays(task)
            if leaves and not done.triggered:
                site.leave(self.number)
                break
        self._bay = None
        if self.doing[0] == L.WAIT:
            self._did(self.env.now)
        self.mode = "wait"
        if task is not None and self._new is None:
            self.tasks.pop(0)

    def _charge_at_depot(self, next_s: float) -> Process:
        """Charge to full at home, until the next shift at most."""
        model = self.model
        charger = model.dispatch.depot_charger(self)
        battery = self.type.battery_kwh or 0.0
        if charger is None or self.energy_kwh >= battery - 1e-9:
            return
        wait_s = model.cheap_power_in_s()
        if wait_s > 0.0:
            yield self.env.timeout(min(wait_s, next_s - self.env.now))
        self.doing = (L.WAIT, model.code_of[charger], self.env.now)
        self.duty = self.duty._replace(rest_s=math.inf)
        yield from self._at_gun(charger, None, None, next_s)
        self.mode = "off"

    def close(self) -> None:
        """Bring the log up to the end of the run."""
        now = self.env.now
        if self._rows is not None:
            rows, k = self._rows, int(np.searchsorted(self._rows[:, L.TO_S], now, side="right"))
            L.release(rows[k:], self.model.claim)
            done = rows[:k]
            if k < len(rows) and rows[k, L.FROM_S] < now and rows[k, L.KIND] != L.COLLECT:
                row = rows[k]
                share = (now - row[L.FROM_S]) / (row[L.TO_S] - row[L.FROM_S])
                done = shortened(rows[: k + 1], share, int(row[L.PLACE]))
            if len(done):
                self.commit(done, None)
            self._rows = None
        elif self.doing[0] != L.IDLE:
            self._did(now)
