"""One run of a fleet: everything that happens, on one clock."""

from __future__ import annotations

from collections.abc import Generator
from typing import Any

import numpy as np
import simpy
from numpy.typing import NDArray

from sim.fleet import legs as L
from sim.fleet import rows as R
from sim.fleet.charging import ChargingSite, Tariff
from sim.fleet.closing import close
from sim.fleet.demand import DAY_S, Bins, accumulate, contents
from sim.fleet.dispatch import Dispatch
from sim.fleet.inputs import FleetInputs
from sim.fleet.luck import Luck
from sim.fleet.outages import begin_failures
from sim.fleet.queues import Queue
from sim.fleet.sites import Plant
from sim.fleet.truck import Truck
from sim.kernel.system import Run

Floats = NDArray[np.float64]
Process = Generator[simpy.Event, object, None]

_TOPICS = ("street_open", "street_speed_factor", "street_depth_m")


class FleetRun:
    """The parts of a run and what they share.

    Attributes
    ----------
    bins : Bins
        The collection points, with this run's luck.
    claim : (P,) array
        The truck whose present stretch a point is in, or -1.
    code_of : mapping of str to int
        Numbers of points, sites and chargers in the rows of a log; depots follow.
    """

    def __init__(self, inputs: FleetInputs, run: Run) -> None:
        t: Any = inputs.tables
        self.inputs, self.run, self.env, self.tables = inputs, run, run.clock.env, t
        self.types = {row.id: row for row in t["truck_types"]}
        self.shifts = {row.id: row for row in t["shifts"]}
        self.luck = Luck(inputs, run.streams)
        self.bins = _own(inputs.bins, self.luck.demand)
        accumulate(self.bins)
        self.claim = np.full(len(inputs.points), -1, dtype=np.int64)
        self.collected = self.env.event()
        self.point_of = {point.id: p for p, point in enumerate(inputs.points)}
        self.site_rows = {row.id: row for row in t["sites"]}
        self.charger_rows: dict[str, R.Charger] = {row.id: row for row in t["chargers"]}
        names = [*self.point_of, *self.site_rows, *self.charger_rows]
        self.code_of = {
            name: code for code, name in enumerate(names[len(self.point_of) :], len(self.point_of))
        }
        first = len(self.point_of) + len(self.site_rows)
        self.charger_codes = range(first, first + len(self.charger_rows))
        depots = dict.fromkeys(row.depot for row in t["trucks"])
        self._depot_code = {inputs.places[d]: len(names) + k for k, d in enumerate(depots)}
        self.targets = [*names, *depots]
        self.energy_cny = 0.0
        self.travel = inputs.travel.fresh()
        self.course = L.Course(
            self.bins, self._ways(), inputs.density, self.luck.travel, self.luck.service, self.claim
        )
        customers = len(t["trucks"]) + sum(row.haul_trucks for row in t["sites"]) + 1
        self.plants = {
            row.id: Plant(row, self.env, inputs.start_of_day_s, customers, self._teller(row.id))
            for row in t["sites"]
        }
        tariff = Tariff(
            [(row.from_h * 3600.0, row.cny_per_kwh) for row in t["tariff"]], inputs.start_of_day_s
        )
        self.chargers = {
            row.id: ChargingSite(
                self.env, row.guns, row.limit_kw, row.efficiency, tariff, customers
            )
            for row in self.charger_rows.values()
        }
        self.mechanics = Queue(self.env, inputs.spec.mechanics, customers)
        self.dispatch = Dispatch(self)
        self.trucks = [Truck(number, row, self) for number, row in enumerate(t["trucks"])]
        self._begin_sites()
        begin_failures(self)
        for topic in _TOPICS:
            self.env.process(self._watch(topic))
        self._series()
        self.env.process(self._sample())

    # -- what the parts ask ------------------------------------------------------------------------

    def tell(self, kind: str, entity: str, value: float | None = None, detail: str = "") -> None:
        """Record an event of now."""
        self.run.recorder.event(self.env.now, "fleet", kind, entity, value, detail)

    def _teller(self, entity: str) -> Any:
        return lambda kind, value: self.tell(kind, entity, value)

    def depot_code(self, place: int) -> int:
        """Return the number of a depot in the rows of a log."""
        return self._depot_code[place]

    def midnight_s(self, day: int) -> float:
        """Return the second of the run at which a day begins; negative before the start."""
        return day * DAY_S - self.inputs.start_of_day_s

    def works_on(self, truck: Truck, day: int) -> bool:
        """Whether a truck has a shift on a day that is not over yet."""
        weekday = str(self.inputs.weekdays[day])
        ends = self.midnight_s(day) + truck.shift.to_h * 3600.0
        return weekday in truck.shift.weekdays and ends > self.env.now

    def shift_ends(self, truck: Truck) -> tuple[float, float, float]:
        """Return the regular and latest end of a truck's present or next shift, and its begin."""
        day = int((self.env.now + self.inputs.start_of_day_s) // DAY_S)
        midnight = self.midnight_s(day)
        if truck.on_duty:
            over_s = truck.shift.overtime_h * 3600.0
            return truck.duty.end_s - over_s, truck.duty.end_s, self.env.now
        end = midnight + truck.shift.to_h * 3600.0
        return end, end + truck.shift.overtime_h * 3600.0, midnight + truck.shift.from_h * 3600.0

    def cheap_power_in_s(self) -> float:
        """Return in how many seconds trucks at home begin to charge."""
        hour = self.inputs.spec.charge_from_h
        if hour is None:
            return 0.0
        return (hour * 3600.0 - self.env.now - self.inputs.start_of_day_s) % DAY_S

    def settle(self, rows: Floats) -> float:
        """Take what the rows say was collected out of the bins; return the time of work in them."""
        began, worked_s = L.settle(self.course, rows)
        for k in np.flatnonzero(began == began):
            point = self.inputs.points[int(rows[k, L.TARGET])].id
            self.run.recorder.event(float(began[k]), "fleet", "overflow", point)
        if self.collected.callbacks:
            self.collected.succeed()
            self.collected = self.env.event()
        return worked_s

    # -- streets -----------------------------------------------------------------------------------

    def _ways(self) -> L.Ways:
        traffic: Any = self.tables["traffic"]
        steps = [(row.from_h * 3600.0, row.speed_factor) for row in traffic] or [(0.0, 1.0)]
        return L.Ways(
            self.travel.distance_m, self.travel.duration_s,
            np.array([at for at, _ in steps]), np.array([factor for _, factor in steps]),
            np.array([self.inputs.start_of_day_s]),
        )  # fmt: skip

    def _watch(self, topic: str) -> Process:
        """Take over what is published about streets, once all of the moment is said."""
        while True:
            yield self.run.signals.changed(topic)
            yield self.run.clock.settled(self.env.now)
            self.streets(topic)

    def streets(self, topic: str) -> None:
        """Recompute ways after a change of a topic, and look after the routes that it touches."""
        before = self.travel.duration_s
        if self.travel.update(topic, self.run.signals, self.env.now):
            self.course = self.course._replace(ways=self._ways())
            self.dispatch.streets_changed(before)

    # -- sites -------------------------------------------------------------------------------------

    def _begin_sites(self) -> None:
        number = len(self.trucks)
        for plant in self.plants.values():
            if plant.row.other_t_per_day > 0.0:
                self.env.process(self._others(plant))
            if plant.row.onward is not None:
                target = self.plants[plant.row.onward]
                way_s = self._haul_s(plant.row.place, target.row.place)
                for _ in range(plant.row.haul_trucks):
                    self.env.process(plant.haul(target, way_s, number))
                    number += 1

    def _haul_s(self, origin: str, target: str) -> float:
        places = self.inputs.places
        if origin not in places or target not in places:
            return 0.0
        return float(self.travel.duration_s[places[origin], places[target]])

    def _others(self, plant: Plant) -> Process:
        """What others bring to a site: once a day at noon, growing from year to year."""
        row, horizon = plant.row, self.run.horizon_s
        for day in range(self.inputs.days):
            noon = self.midnight_s(day) + DAY_S / 2.0
            if noon < self.env.now or noon > horizon:
                continue
            if noon > self.env.now:
                yield self.env.timeout(noon - self.env.now)
            years = max(noon, 0.0) / (365.25 * DAY_S)
            growth = (1.0 + row.growth_per_year) ** years
            tonnes = row.other_t_per_day * growth * self.luck.of_day(row.id, day, row.other_cv)
            plant.others_t += tonnes
            plant.tip(tonnes)

    # -- recording ---------------------------------------------------------------------------------

    def _series(self) -> None:
        new = self.run.recorder.series
        self._stock = new("fleet", "site_stock", "t", list(self.plants))
        self._queue = new("fleet", "trucks_waiting", "1", [*self.plants, *self.chargers])
        self._power = new("fleet", "charging_power", "kW", list(self.chargers))
        self._in_bins = new("fleet", "in_bins", "t", list(R.STREAMS))

    def _sample(self) -> Process:
        step = self.inputs.spec.report_step_s
        horizon, k = self.run.horizon_s, 0
        while True:
            now = min(k * step, horizon)
            yield self.run.clock.settled(now)
            self._sample_now()
            if now >= horizon:
                break
            k += 1
        close(self)

    def _sample_now(self) -> None:
        now = self.env.now
        plants, chargers = self.plants.values(), self.chargers.values()
        self._stock.append(now, [plant.look() for plant in plants])
        waiting = [p.bays.waiting for p in plants] + [c.queue.waiting for c in chargers]
        self._queue.append(now, waiting)
        self._power.append(now, [charger.power_kw for charger in chargers])
        lying = contents(self.bins, now)
        by_stream = np.bincount(self.bins.points["stream"], weights=lying, minlength=4)
        self._in_bins.append(now, by_stream / 1e3)


def _own(bins: Bins, luck: Floats) -> Bins:
    """Return bins that this run may change."""
    return bins._replace(
        points=bins.points.copy(), luck=luck, before_kg=np.empty_like(bins.before_kg)
    )
