"""Tells other systems how deep the water stands on the streets."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from sim.drainage.kpis import Point
from sim.drainage.native import NativeEngine
from sim.kernel.signals import Signals

TOPIC = "street_depth_m"


class StreetDepths:
    """Publishes the depth at every point that ponds, m, where it has changed.

    Topic `TOPIC`, entity the point. Nothing is published for a point that has been dry so far.
    """

    def __init__(self, points: Sequence[Point], engine: NativeEngine, signals: Signals) -> None:
        self._engine = engine
        self._signals = signals
        self._ids = [point.id for point in points]
        self._nodes = np.array([engine.node_index[name] for name in self._ids], dtype=np.int64)
        self._last_m = np.zeros(len(self._ids))

    def publish(self) -> None:
        """Publish the depths of this moment."""
        depth_m = self._engine.ponded_depth_m()[self._nodes]
        for i in np.flatnonzero(depth_m != self._last_m):
            self._signals.publish(TOPIC, self._ids[i], float(depth_m[i]))
        self._last_m = depth_m
