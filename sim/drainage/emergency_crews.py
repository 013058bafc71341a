"""Crews: a truck works only with one aboard; a shift ends, another crew comes or has to rest."""

from __future__ import annotations

import math
from collections.abc import Callable, Generator
from typing import TYPE_CHECKING

import simpy

from sim.drainage.emergency_inputs import EmergencyInputs, TruckPlan
from sim.drainage.roads import Traffic
from sim.kernel.system import Run

if TYPE_CHECKING:
    from sim.drainage.emergency_trucks import Truck

Process = Generator[simpy.Event, object, None]


class Crews:
    """The crews of all depots.

    A crew comes aboard at the start and stays for its shift. It goes off when the shift is over
    and the truck pumps or stands free, rests, and is then ready at its depot again. Its
    successor, if the depot has one, drives to where the truck is.
    """

    def __init__(self, inputs: EmergencyInputs, run: Run, traffic: Callable[[], Traffic]) -> None:
        spec = inputs.spec
        self._spec = spec
        self._run = run
        self._env = run.clock.env
        self._traffic = traffic
        self._plans: dict[str, TruckPlan] = {plan.id: plan for plan in inputs.trucks}
        self._ready = [
            simpy.Container(self._env, init=len(d.nameplate_m3_h) if d.crews is None else d.crews)
            for d in spec.depots
        ]
        self._began_s: dict[str, float] = {}
        self._met: set[str] = set()

    def left_s(self, truck: Truck) -> float:
        """Return how long the crew aboard has to go, s; infinity without shifts."""
        if self._spec.shift_h is None:
            return math.inf
        return max(self._began_s[truck.id] + self._spec.shift_h * 3600.0 - self._env.now, 0.0)

    def come_aboard(self, truck: Truck) -> Process:
        """Wait until a crew is aboard that has time left."""
        if truck.id in self._began_s and self.left_s(truck) > 0.0:
            return
        yield from self.relieve(truck)

    def relieve(self, truck: Truck) -> Process:
        """Send the crew home, if there is one, and wait for another."""
        plan = self._plans[truck.id]
        if self._began_s.pop(truck.id, None) is not None:
            self._tell("crew_off", truck)
            self._env.process(self._rest(plan.depot))
        yield self._ready[plan.depot].get(1)
        if truck.id in self._met:  # the first crew comes with the truck
            while True:
                seconds = self._traffic().seconds(plan.depot_node, truck.node)
                if math.isfinite(seconds):
                    break
                yield self._run.signals.changed("street_depth_m")
            yield self._env.timeout(seconds)
            self._tell("crew_on", truck)
        self._met.add(truck.id)
        self._began_s[truck.id] = self._env.now

    def _rest(self, depot: int) -> Process:
        yield self._env.timeout(self._spec.rest_h * 3600.0)
        yield self._ready[depot].put(1)

    def _tell(self, kind: str, truck: Truck) -> None:
        self._run.recorder.event(self._run.clock.now_s, "drainage", kind, truck.id)
