"""Trucks at work as the hydraulics sees them: flow out of ponds, conserved to the last drop.

A truck's flow is a withdrawal from its point and the same flow into its discharge, if that lies
in the model. The engine stops at the very moment a pond is down to the depth at which trucks
stop, or a storage is full, so a truck never pumps water that is not there.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass

import numpy as np
import simpy
from numpy.typing import NDArray

from sim.drainage.emergency_inputs import Discharge
from sim.drainage.native import LevelWatch, NativeEngine
from sim.drainage.network import Network

PURPOSE = "trucks"
DRY, FULL, STOPPED = "dry", "full", "stopped"
_AT_LEVEL_M = 1e-9  # how close to a switch level counts as there: rounding of the depth table


@dataclass
class _Post:
    point: str
    discharge: Discharge
    flow_m3s: float
    ended: simpy.Event


class PumpingPosts:
    """Every truck that pumps now, and what all have pumped.

    Attributes
    ----------
    lateral_m3s : (N,) array
        What they add to the inflow of every node.
    away_m3 : float
        What left the model so far.
    """

    def __init__(
        self, network: Network, engine: NativeEngine, env: simpy.Environment, dry_depth_m: float
    ) -> None:
        self._engine = engine
        self._env = env
        self._dry_depth_m = dry_depth_m
        self._brim_m = {s.id: s.max_depth_m for s in network.storages}
        self._posts: dict[str, _Post] = {}
        self._total_m3: dict[str, float] = defaultdict(float)
        self.lateral_m3s = np.zeros(len(engine.node_ids))
        self.away_m3 = 0.0

    # -- crews -----------------------------------------------------------------------------------

    def is_dry(self, point: str) -> bool:
        """Whether the water on the street is down to the depth at which trucks stop."""
        return self._depth_m(point) <= self._dry_level_m(point) + _AT_LEVEL_M

    def is_full(self, discharge: Discharge) -> bool:
        """Whether nothing more can be put there; what leaves the model always can."""
        if discharge.node is None:
            return False
        return self._depth_m(discharge.node) >= self._brim_m[discharge.node] - _AT_LEVEL_M

    def start(self, truck: str, point: str, discharge: Discharge, flow_m3s: float) -> simpy.Event:
        """Begin to pump; the event that is returned ends with `DRY`, `FULL` or `STOPPED`."""
        post = _Post(point, discharge, flow_m3s, self._env.event())
        self._posts[truck] = post
        self._sum_up()
        return post.ended

    def stop(self, truck: str, why: str = STOPPED) -> None:
        """End a truck's pumping, if it pumps."""
        post = self._posts.pop(truck, None)
        if post is not None:
            self._sum_up()
            post.ended.succeed(why)

    def pumped_m3(self, truck: str) -> float:
        """Return all that a truck has pumped so far."""
        return self._total_m3[truck]

    def flow_m3s(self, truck: str) -> float:
        """Return what a truck pumps now."""
        post = self._posts.get(truck)
        return post.flow_m3s if post is not None else 0.0

    # -- the hydraulics --------------------------------------------------------------------------

    def levels(self) -> list[LevelWatch]:
        """Return the levels at which a truck has to stop."""
        watches = {}
        for post in self._posts.values():
            watches[post.point] = LevelWatch(
                post.point, self._dry_level_m(post.point), False, PURPOSE
            )
            node = post.discharge.node
            if node is not None:
                watches[node] = LevelWatch(node, self._brim_m[node], True, PURPOSE)
        return list(watches.values())

    def book(self, seconds: float) -> None:
        """Count what was pumped while the engine went on for some seconds."""
        for truck, post in self._posts.items():
            volume = post.flow_m3s * seconds
            self._total_m3[truck] += volume
            if post.discharge.node is None:
                self.away_m3 += volume

    def check_levels(self) -> None:
        """Stop the trucks whose point is dry or whose discharge is full, as things stand."""
        for truck, post in list(self._posts.items()):
            if self.is_dry(post.point):
                self.stop(truck, DRY)
            elif self.is_full(post.discharge):
                self.stop(truck, FULL)

    # -- inside ----------------------------------------------------------------------------------

    def _depth_m(self, node: str) -> float:
        return float(self._engine.state.depth_m[self._engine.node_index[node]])

    def _dry_level_m(self, point: str) -> float:
        rim: NDArray[np.float64] = self._engine.plant.rim_depth_m
        return float(rim[self._engine.node_index[point]]) + self._dry_depth_m

    def _sum_up(self) -> None:
        flows = np.zeros_like(self.lateral_m3s)
        for post in self._posts.values():
            flows[self._engine.node_index[post.point]] -= post.flow_m3s
            if post.discharge.node is not None:
                flows[self._engine.node_index[post.discharge.node]] += post.flow_m3s
        self.lateral_m3s = flows
