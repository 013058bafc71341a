"""Mobile pumping in a drainage run: roads under water, control room, trucks, and their water."""

from __future__ import annotations

import numpy as np

from sim.drainage.emergency_crews import Crews
from sim.drainage.emergency_dispatch import Dispatcher
from sim.drainage.emergency_inputs import EmergencyInputs
from sim.drainage.emergency_posts import PumpingPosts
from sim.drainage.emergency_trucks import Truck
from sim.drainage.native import NativeEngine
from sim.drainage.network import Network
from sim.drainage.roads import Traffic
from sim.kernel.ledger import Ledger
from sim.kernel.system import Run


class Emergency:
    """The operation of all trucks. The drainage run asks `posts` what they pump.

    Crews see the roads as they were published last, on the report grid, not as they are.
    """

    def __init__(
        self, inputs: EmergencyInputs, network: Network, engine: NativeEngine, run: Run
    ) -> None:
        self._inputs = inputs
        self._run = run
        self._engine = engine
        roads = inputs.roads
        self._watched = tuple(
            (place.point, roads.index[place.street_node]) for place in inputs.places.values()
        )
        self._depth_m = np.zeros(len(roads.nodes))
        self._traffic = roads.traffic(self._depth_m)
        self.posts = PumpingPosts(network, engine, run.clock.env, inputs.spec.dry_depth_m)
        crews = Crews(inputs, run, self.traffic)
        self._dispatcher = Dispatcher(inputs, run, self.traffic, self.posts.is_full)
        places = dict(inputs.places)
        self._trucks = [
            Truck(plan, inputs.spec, places, crews, self.posts, self._dispatcher, self.traffic, run)
            for plan in inputs.trucks
        ]
        self._ids = [truck.id for truck in self._trucks]
        self._flow = None
        if self._ids:
            self._flow = run.recorder.series("drainage", "truck_flow", "m3/s", self._ids)

    def traffic(self) -> Traffic:
        """Return travel times on the roads as they are known."""
        return self._traffic

    def look(self) -> None:
        """Take over the depths just published; whoever has waited for a road may go on."""
        depth = np.zeros_like(self._depth_m)
        for point, node in self._watched:
            here = self._run.signals.read("street_depth_m", point, 0.0)
            depth[node] = max(depth[node], here)
        if not np.array_equal(depth, self._depth_m):
            self._depth_m = depth
            self._traffic = self._inputs.roads.traffic(depth)
            self._dispatcher.review()

    def sample(self, time_s: float) -> None:
        """Record what every truck pumps."""
        if self._flow is not None:
            self._flow.append(time_s, [self.posts.flow_m3s(name) for name in self._ids])

    def close(self, ledger: Ledger) -> None:
        """Book what left the model, and say what every truck has pumped."""
        ledger.outflow("pumped_away", self.posts.away_m3)
        now = self._run.clock.now_s
        for name in self._ids:
            total = self.posts.pumped_m3(name)
            self._run.recorder.event(now, "drainage", "truck_total", name, total)
