"""Travel over streets that close and slow down, and where a truck under way can turn off."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from sim.kernel.signals import Signals
from sim.streets.flood_speed import FloodSpeed
from sim.streets.graph import Conditions
from sim.streets.live import LiveJourneys

Floats = NDArray[np.float64]

# Speed through water is told in quarters: whoever drives sees that a street is slow or closed, not
# a millimetre of water, and tables are not worked out anew for it.
_STEPS = 4.0


class StreetTravel:
    """Ways between places on a street graph (see `sim.fleet.travel.Travel`).

    Parameters
    ----------
    live
        The places on their streets.
    watched
        Street nodes by the entity of the topic ``street_depth_m``: a street is as deep as the
        deeper of its ends.
    flood_speed
        How fast one drives through water; streets under water are as usual if none.
    """

    def __init__(
        self,
        live: LiveJourneys,
        watched: Mapping[str, str] | None = None,
        flood_speed: FloodSpeed | None = None,
    ) -> None:
        self._live = live
        self._left = live  # by which trucks under way have left
        self._changed_s = -1.0
        self._watched = dict(watched or {})
        self._flood_speed = flood_speed
        self._said: dict[str, dict[str, float]] = {}
        self._set_tables()

    def _set_tables(self) -> None:
        tables = self._live.tables()
        self.distance_m, self.duration_s = tables.distance_m, tables.duration_s

    def fresh(self) -> StreetTravel:
        """Return the state of a new run, with all streets as usual."""
        other = StreetTravel.__new__(StreetTravel)
        other.__dict__.update(self.__dict__)
        other._live = other._left = self._live.fresh()
        other._said = {}
        return other

    def update(self, topic: str, signals: Signals, now_s: float) -> bool:
        """Take over what a topic says of the streets now; whether any street has changed."""
        if topic == "street_depth_m":
            said = self._by_depth(signals)
        else:
            values = signals.all(topic)
            said = {s: float(v) for s, v in values.items() if s in self._live.street_index}
        if said == self._said.get(topic, {}):
            return False
        self._said[topic] = said
        factors: dict[str, float] = {}
        for values in self._said.values():
            for street, factor in values.items():
                factors[street] = factors.get(street, 1.0) * factor
        before = self._live
        after = before.fresh()
        if not after.update(Conditions(factors)):
            return False
        if now_s != self._changed_s:
            self._left, self._changed_s = before, now_s
        self._live = after
        self._set_tables()
        return True

    def _by_depth(self, signals: Signals) -> dict[str, float]:
        if self._flood_speed is None:
            return {}
        graph, depth = self._live.graph, np.zeros(self._live.nodes)
        for entity, value in signals.all("street_depth_m").items():
            node = self._watched.get(entity)
            if node is not None:
                k = graph.index[node]
                depth[k] = max(depth[k], float(value))
        deep = np.maximum(depth[graph.start], depth[graph.end])
        wet = np.flatnonzero(deep > 0.0)
        speed = self._flood_speed.speed_m_s(graph.free_m_s[wet], deep[wet])
        share = np.ceil(speed / graph.free_m_s[wet] * _STEPS) / _STEPS
        return {graph.streets[k]: float(s) for k, s in zip(wet, share, strict=True) if s < 1.0}

    def way_from(self, place: int) -> tuple[Floats, Floats]:
        """Return the way to every place, m and s, (N,); from N on ``place`` is a street node."""
        count = len(self.distance_m)
        if place < count:
            return self.distance_m[place], self.duration_s[place]
        return self._live.row(place - count)

    def street_end(
        self, origin: int, target: int, done: float, now_s: float
    ) -> tuple[float, float, int] | None:
        """Return where a truck under way can turn off (see `sim.fleet.travel.Travel`)."""
        live = self._left if now_s == self._changed_s else self._live
        count = len(self.distance_m)
        node = int(live.place_node[origin]) if origin < count else origin - count
        way = live.nodes_between(node, target)
        if way is None or way[2][-1] <= 0.0:
            return None
        nodes, metres, seconds = way
        ahead = (seconds >= done * seconds[-1] - 1e-9) & (nodes < live.nodes)
        if not ahead.any():
            return None
        k = int(np.flatnonzero(ahead)[0])
        if k == len(nodes) - 1:
            return None
        return (
            max(float(seconds[k] / seconds[-1]), done),
            max(float(metres[k] / metres[-1]), 0.0) if metres[-1] > 0.0 else 1.0,
            count + int(nodes[k]),
        )
