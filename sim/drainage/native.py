"""The native hydraulic engine: a network that can be stepped, read, switched and photographed."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from sim.drainage.equivalents import ideal_pumps_keep_m3, with_pumps_on_depth
from sim.drainage.hydraulics import FULL_LOG, LEVEL, CrossingLog, Watches, advance
from sim.drainage.implicit import plan_elimination, workspace
from sim.drainage.network import Network
from sim.drainage.node_tables import MANHOLE_AREA_M2
from sim.drainage.plant import INNER, Floats, State, build_plant

Crossing = tuple[float, str, bool]  # time s, node, rising


@dataclass(frozen=True)
class LevelWatch:
    """A level at a node that somebody waits for. ``rising`` tells from which side."""

    node: str
    depth_m: float
    rising: bool
    purpose: str


class NativeEngine:
    """One simulation of one network. Instances share nothing, so any number may run at once.

    Parameters
    ----------
    network : Network
        Checked, with the works applied.
    waterlogged_depth_m : float
        Depth above the rim whose crossings `crossings` reports.
    manhole_area_m2, basins_surcharge
        As in `sim.drainage.plant.build_plant`.
    longest_step_s : float
        Upper limit of a hydraulic step.
    """

    def __init__(
        self,
        network: Network,
        *,
        waterlogged_depth_m: float = 0.15,
        manhole_area_m2: float = MANHOLE_AREA_M2,
        basins_surcharge: bool = True,
        longest_step_s: float = 30.0,
    ) -> None:
        network = with_pumps_on_depth(network)
        self.node_ids = tuple(node.id for node in network.nodes)
        self.link_ids = tuple(link.id for link in network.links)
        self.node_index = {name: i for i, name in enumerate(self.node_ids)}
        self.link_index = {name: i for i, name in enumerate(self.link_ids)}
        self.plant, self.state = build_plant(
            network,
            waterlogged_depth_m=waterlogged_depth_m,
            manhole_area_m2=manhole_area_m2,
            basins_surcharge=basins_surcharge,
        )
        kept_m3 = ideal_pumps_keep_m3(network, self.state.volume_m3)
        for pump, kept in kept_m3.items():
            self.plant.coefficient[self.link_index[pump]] = kept
        self._conduits = len(network.conduits)
        self._plan = plan_elimination(self.plant, self._conduits)
        self._work = workspace(self.plant, self._plan)
        self.inner = self.plant.bound == INNER
        self.opening_m3 = float(self.state.volume_m3.sum())
        self._longest_step_s = longest_step_s
        self._watched: tuple[LevelWatch, ...] = ()
        self._watches = self._compile_watches(())
        size = max(4 * len(self.node_ids), 1024)
        self._log = CrossingLog(
            np.empty(size),
            np.empty(size, np.int64),
            np.empty(size, np.int64),
            np.zeros(1, np.int64),
        )

    # -- time ----------------------------------------------------------------------------------

    @property
    def time_s(self) -> float:
        return float(self.state.clock[0])

    @property
    def steps(self) -> int:
        return int(self.state.clock[2])

    def advance(self, end_s: float) -> tuple[list[LevelWatch], list[Crossing]]:
        """Run to `end_s`, or to the first watched level; return the watches met, none at `end_s`.

        Returned as well: each crossing of the waterlogging depth on the way, in order of time.
        """
        crossings: list[Crossing] = []
        while True:
            reason, watch = advance(
                self.plant,
                self.state,
                self._watches,
                self._log,
                self._conduits,
                end_s,
                self._longest_step_s,
                self._plan,
                self._work,
            )
            for k in range(int(self._log.filled[0])):
                node = self.node_ids[int(self._log.node[k])]
                crossings.append((float(self._log.time_s[k]), node, bool(self._log.rising[k])))
            self._log.filled[0] = 0
            if reason != FULL_LOG:
                crossings.sort()
                return (self._alike(watch) if reason == LEVEL else []), crossings

    def _alike(self, met: int) -> list[LevelWatch]:
        """Return the watches of one level: several may wait for it."""
        one = self._watched[met]
        return [
            w
            for w in self._watched
            if (w.node, w.depth_m, w.rising) == (one.node, one.depth_m, one.rising)
        ]

    # -- levels that stop the clock ------------------------------------------------------------

    def watch(self, watched: Iterable[LevelWatch]) -> None:
        """Replace the levels that `advance` stops at."""
        self._watched = tuple(watched)
        self._watches = self._compile_watches(self._watched)

    def _compile_watches(self, watched: tuple[LevelWatch, ...]) -> Watches:
        return Watches(
            np.array([self.node_index[w.node] for w in watched], dtype=np.int64),
            np.array([self.volume_at(w.node, w.depth_m) for w in watched], dtype=np.float64),
            np.array([1 if w.rising else -1 for w in watched], dtype=np.int64),
        )

    def volume_at(self, node: str, depth_m: float) -> float:
        """Return the volume a node holds at a depth, m3."""
        i = self.node_index[node]
        first, last = self.plant.table_start[i], self.plant.table_start[i + 1]
        depths = self.plant.table_depth_m[first:last]
        k = min(max(int(np.searchsorted(depths, depth_m, side="right")) - 1, 0), len(depths) - 2)
        area = self.plant.table_area_m2[first + k]
        return float(self.plant.table_volume_m3[first + k] + area * (depth_m - depths[k]))

    # -- what acts on it -----------------------------------------------------------------------

    def set_lateral(self, flow_m3s: Floats) -> None:
        """Set the inflow of every node (N,), held until the next call."""
        self.state.lateral_m3s[:] = flow_m3s

    def set_stage(self, node: str, stage_m: float, rate_m_s: float) -> None:
        """Set the water level outside an outfall and how fast it moves from now on."""
        i = self.node_index[node]
        self.state.stage_m[i] = stage_m
        self.state.stage_rate_m_s[i] = rate_m_s

    def set_target(self, link: str, setting: float) -> None:
        """Move a link to a setting: 0 closed or off, 1 open or on; an orifice takes its time."""
        self.state.target[self.link_index[link]] = setting

    # -- what it shows -------------------------------------------------------------------------

    def ponded_depth_m(self) -> Floats:
        """Return the depth above the rim by node (N,), 0 at outfalls."""
        depth = np.maximum(self.state.depth_m - self.plant.rim_depth_m, 0.0)
        return np.where(self.inner, depth, 0.0)

    def ponded_peak_m(self) -> Floats:
        """Return the largest depth above the rim so far by node (N,)."""
        peak = np.maximum(self.state.max_depth_m - self.plant.rim_depth_m, 0.0)
        return np.where(self.inner, peak, 0.0)

    def ponded_volume_m3(self) -> Floats:
        """Return the water above the rim by node (N,)."""
        volume = np.maximum(self.state.volume_m3 - self.plant.pond_volume_m3, 0.0)
        return np.where(self.inner, volume, 0.0)

    def level_m(self) -> Floats:
        """Return the water level by node (N,)."""
        depth = np.where(self.inner, self.state.depth_m, self.state.stage_m - self.plant.invert_m)
        return self.plant.invert_m + depth

    # -- snapshots -----------------------------------------------------------------------------

    def snapshot(self) -> State:
        """Return a copy of the hydraulic state; `restore` continues from it bit by bit."""
        return self.state.copy()

    def restore(self, state: State) -> None:
        for mine, theirs in zip(self.state, state, strict=True):
            mine[:] = theirs
