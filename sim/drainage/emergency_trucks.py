"""A pump truck on the clock: it waits, drives, is set up, pumps, packs up, and may break down."""

from __future__ import annotations

import math
from collections.abc import Callable, Generator

import simpy

from sim.drainage.emergency_crews import Crews
from sim.drainage.emergency_dispatch import Dispatcher
from sim.drainage.emergency_inputs import AWAY, Discharge, Place, TruckPlan
from sim.drainage.emergency_posts import DRY, STOPPED, PumpingPosts
from sim.drainage.emergency_spec import Emergency
from sim.drainage.roads import Traffic
from sim.kernel.system import Run

Process = Generator[simpy.Event, object, None]


class Truck:
    """One truck. Its draws are keyed by its number, so that they are the same in every policy.

    Attributes
    ----------
    node : str
        The street node where it is, or that it left last.
    """

    def __init__(
        self,
        plan: TruckPlan,
        spec: Emergency,
        places: dict[str, Place],
        crews: Crews,
        posts: PumpingPosts,
        dispatcher: Dispatcher,
        traffic: Callable[[], Traffic],
        run: Run,
    ) -> None:
        self.id = plan.id
        self.node = plan.node
        self._plan = plan
        self._spec = spec
        self._places = places
        self._crews = crews
        self._posts = posts
        self._dispatcher = dispatcher
        self._traffic = traffic
        self._run = run
        self._env = run.clock.env
        self._orders = self._env.event()
        self._duty = run.streams.generator(plan.id, "truck_duty")
        self._lifetimes = run.streams.generator(plan.id, "truck_failure")
        self._repairs = run.streams.generator(plan.id, "truck_repair")
        self._left_s = self._next_life_s()
        self._pumped_m3 = 0.0
        self._env.process(self._work())

    def send(self, point: str) -> None:
        """Order it to a point."""
        self._orders.succeed(point)

    # -- the day's work --------------------------------------------------------------------------

    def _work(self) -> Process:
        while True:
            yield from self._crews.come_aboard(self)
            self._orders = self._env.event()
            self._dispatcher.free(self)
            point = str((yield self._orders))
            yield from self._serve(self._places[point])

    def _serve(self, place: Place) -> Process:
        dispatcher, point = self._dispatcher, place.point
        arrived = yield from self._drive(place)
        if not arrived:
            self._tell("truck_recalled", None, point)
            dispatcher.leave(point, self.id, dry=True)
            return
        self._tell("truck_arrived", None, point)
        yield self._env.timeout(self._spec.set_up_min * 60.0)
        duty = self._duty.uniform(self._spec.duty_low, self._spec.duty_high)
        why = yield from self._pump(place, duty * self._plan.nameplate_m3s)
        dispatcher.leave(point, self.id, dry=why == DRY)
        yield self._env.timeout(self._spec.pack_up_min * 60.0)

    def _drive(self, place: Place) -> Generator[simpy.Event, object, bool]:
        """Drive to a point, looking at the roads anew at every node; false if recalled."""
        waited = False
        while self.node != place.street_node:
            if not self._dispatcher.wants(place.point):
                return False
            leg = self._traffic().leg(self.node, place.street_node)
            if leg is None:
                if not waited:
                    self._tell("truck_waits", None, self.node)
                waited = True
                yield self._run.signals.changed("street_depth_m")
                continue
            waited = False
            yield self._env.timeout(leg.seconds)
            self.node = leg.node
        return True

    # -- pumping ---------------------------------------------------------------------------------

    def _pump(self, place: Place, flow_m3s: float) -> Generator[simpy.Event, object, str]:
        """Pump until the point is dry, through breakdowns and changes of crew; return why not."""
        while not self._posts.is_dry(place.point):
            if self._crews.left_s(self) <= 0.0:
                yield from self._crews.relieve(self)
                continue
            discharge = self._open_discharge(place)
            if discharge is None:
                self._tell("truck_blocked", None, place.point)
                return STOPPED
            self._tell("truck_hose", discharge.distance_m, discharge.node or AWAY)
            self._tell("truck_pumping", flow_m3s, place.point)
            began, before = self._env.now, self._posts.pumped_m3(self.id)
            ended = self._posts.start(self.id, place.point, discharge, flow_m3s)
            broken = self._env.timeout(min(self._left_s, self._forever_s))
            relieved = self._env.timeout(min(self._crews.left_s(self), self._forever_s))
            yield ended | broken | relieved
            # At one moment more than one may be due: the pond decides, then the machine.
            failed = not ended.triggered and broken.processed
            if not ended.triggered:
                self._posts.stop(self.id)
                yield ended
            self._left_s = max(self._left_s - (self._env.now - began), 0.0)
            pumped = self._posts.pumped_m3(self.id) - before
            self._tell("truck_stopped", pumped, place.point)
            if failed:
                yield from self._repair()
            elif ended.value == STOPPED:
                yield from self._crews.relieve(self)
        return DRY

    @property
    def _forever_s(self) -> float:
        """Beyond the end of the run: what waits so long never happens."""
        return 2.0 * self._run.horizon_s

    def _open_discharge(self, place: Place) -> Discharge | None:
        return next((d for d in place.discharges if not self._posts.is_full(d)), None)

    def _repair(self) -> Process:
        failures = self._spec.failures
        if failures is None:
            raise AssertionError("only a truck that can fail is repaired")
        self._tell("truck_failed")
        spread = failures.repair_spread * self._repairs.standard_normal()
        hours = failures.median_repair_h * math.exp(spread)
        yield self._env.timeout(hours * 3600.0)
        self._left_s = self._next_life_s()
        self._tell("truck_repaired", hours)

    def _next_life_s(self) -> float:
        if self._spec.failures is None:
            return math.inf
        return self._lifetimes.exponential(self._spec.failures.mean_time_to_failure_h) * 3600.0

    def _tell(self, kind: str, value: float | None = None, detail: str = "") -> None:
        self._run.recorder.event(self._run.clock.now_s, "drainage", kind, self.id, value, detail)
