"""Who is sent where: points are reported after a while, free trucks go by the policy's order."""

from __future__ import annotations

import math
from collections.abc import Callable, Generator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import simpy

from sim.drainage.emergency_inputs import Discharge, EmergencyInputs
from sim.drainage.emergency_spec import NEAREST_FIRST
from sim.drainage.roads import Traffic
from sim.kernel.system import Run

if TYPE_CHECKING:
    from sim.drainage.emergency_trucks import Truck

Process = Generator[simpy.Event, object, None]


@dataclass
class Demand:
    """A reported point and the trucks that are there or on their way."""

    point: str
    trucks: set[str] = field(default_factory=set)


class Dispatcher:
    """The control room.

    It learns of a point some time after the water has risen there, sees the depths as they are
    published, and sends free trucks to points with room for one more. Points without a truck come
    before points with one.
    """

    def __init__(
        self,
        inputs: EmergencyInputs,
        run: Run,
        traffic: Callable[[], Traffic],
        is_full: Callable[[Discharge], bool],
    ) -> None:
        self._spec = inputs.spec
        self._places = inputs.places
        self._run = run
        self._traffic = traffic
        self._is_full = is_full
        self._idle: dict[str, Truck] = {}
        self._open: dict[str, Demand] = {}
        self._over: set[str] = set()
        self._reviewing = False
        self._delays = {
            point: run.streams.generator(point, "detection")
            for point, place in inputs.places.items()
            if place.discharges
        }
        run.clock.env.process(self._listen())

    # -- what trucks tell ------------------------------------------------------------------------

    def free(self, truck: Truck) -> None:
        """A truck has nothing to do."""
        self._idle[truck.id] = truck
        self.review()

    def wants(self, point: str) -> bool:
        """Whether a point still needs trucks."""
        return point in self._open

    def leave(self, point: str, truck: str, *, dry: bool) -> None:
        """A truck leaves a point; if it is dry, nobody else is needed."""
        demand = self._open.get(point)
        if demand is not None:
            demand.trucks.discard(truck)
            if dry:
                del self._open[point]

    # -- sending ---------------------------------------------------------------------------------

    def review(self) -> None:
        """Look at everything again when all that happens at this moment has happened."""
        if not self._reviewing:
            self._reviewing = True
            self._run.clock.env.process(self._review())

    def _review(self) -> Process:
        yield self._run.clock.settled(self._run.clock.now_s)
        self._reviewing = False
        self._send()

    def _send(self) -> None:
        """Send free trucks as long as there are both trucks and points for them."""
        for point in [p for p, d in self._open.items() if not d.trucks and p not in self._over]:
            del self._open[point]  # drained on its own before anybody came
        while self._idle:
            chosen = self._choose()
            if chosen is None:
                return
            truck, demand, seconds = chosen
            del self._idle[truck.id]
            demand.trucks.add(truck.id)
            self._run.recorder.event(
                self._run.clock.now_s, "drainage", "truck_sent", truck.id, seconds / 60.0,
                demand.point,
            )  # fmt: skip
            truck.send(demand.point)

    def _choose(self) -> tuple[Truck, Demand, float] | None:
        room = [
            d
            for d in self._open.values()
            if len(d.trucks) < self._spec.trucks_per_point
            and not all(self._is_full(way) for way in self._places[d.point].discharges)
        ]
        if not room:
            return None
        traffic = self._traffic()
        nearest_first = self._spec.order == NEAREST_FIRST
        best: tuple[tuple[float, float, float], str, str, float] | None = None
        for demand in room:
            street = self._places[demand.point].street_node
            depth_m = float(self._run.signals.read("street_depth_m", demand.point, 0.0))
            for truck in self._idle.values():
                seconds = traffic.seconds(truck.node, street)
                if not math.isfinite(seconds):
                    continue
                last = (seconds, -depth_m) if nearest_first else (-depth_m, seconds)
                found = ((float(len(demand.trucks)), *last), demand.point, truck.id, seconds)
                if best is None or found < best:
                    best = found
        if best is None:
            return None
        _, point, name, seconds = best
        return self._idle[name], self._open[point], seconds

    # -- reports ---------------------------------------------------------------------------------

    def _listen(self) -> Process:
        signals, env = self._run.signals, self._run.clock.env
        while True:
            yield signals.changed("street_waterlogged")
            for point in self._delays:
                over = signals.read("street_waterlogged", point, False)
                if over and point not in self._over:
                    self._over.add(point)
                    env.process(self._report(point))
                elif not over:
                    self._over.discard(point)

    def _report(self, point: str) -> Process:
        spec, clock = self._spec, self._run.clock
        spread = spec.detection_spread * self._delays[point].standard_normal()
        minutes = spec.detection_median_min * math.exp(spread)
        yield clock.env.timeout(minutes * 60.0)
        if point in self._over and point not in self._open:
            self._open[point] = Demand(point)
            self._run.recorder.event(clock.now_s, "drainage", "point_reported", point, minutes)
            self.review()
