"""How much water a node holds at which depth.

A node stores water in the halves of its conduits, in its shaft or basin, and above its rim on its
ponding curve with the street reaches beside it.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from sim.drainage.elements import Storage
from sim.drainage.sections import SectionGeometry

Floats = NDArray[np.float64]

MANHOLE_AREA_M2 = 1.167  # SWMM's default minimum surface area (12.566 ft2, a 4 ft manhole)
SLOT_FRACTION = 0.02  # Preissmann slot width over conduit width
_CROWN_CUTOFF = 0.96  # relative depth whose width SWMM keeps above (Rossman 2017, section 3.3)
_END_CELLS = 32  # depth cells that one conduit end adds to its node's table


class NodeTable:
    """Depth, volume and surface area of one node, built from what stores water in it.

    Attributes
    ----------
    surcharges : bool
        Whether full closed conduits store no more than a Preissmann slot. SWMM's EXTRAN method
        lets a storage node never surcharge: each of its full conduits keeps the surface it had at
        the cut-off below the crown, however high the water stands.
    """

    def __init__(self, rim_m: float) -> None:
        self.rim_m = rim_m
        self.breaks = {0.0, rim_m}
        self.ends: list[tuple[SectionGeometry, float, float]] = []
        self.surcharges = True
        self.floor_area_m2 = MANHOLE_AREA_M2
        self.storage: Floats | None = None  # (depth, cumulative volume)
        self.pond: Floats | None = None  # (depth above the rim, cumulative volume)
        self.pond_holds_streets = False  # or street reaches store their water besides

    def add_end(self, geometry: SectionGeometry, offset_m: float, length_m: float) -> None:
        """Add `length_m` (times barrels) of a conduit that enters `offset_m` above the invert."""
        self.ends.append((geometry, offset_m, length_m))
        even = (1.0 - np.cos(np.pi * np.arange(_END_CELLS + 1) / _END_CELLS)) / 2.0
        self.breaks.update((offset_m + geometry.full_depth_m * even).tolist())

    def points(self) -> Floats:
        """Return the depths (K,) between which the table is straight."""
        breaks = set(self.breaks)
        if self.storage is not None:
            breaks.update(self.storage[0].tolist())
        if self.pond is not None:
            breaks.update((self.rim_m + self.pond[0]).tolist())
        top = max(breaks) + 1.0
        points = np.array(sorted(breaks | {top}))
        at_rim = points == self.rim_m
        keep = at_rim | (points == top)
        keep[0] = True
        keep[1:] |= np.diff(points) > 1e-5
        # the rim is exact: a point closer to it than the merge distance gives way
        keep &= at_rim | (np.abs(points - self.rim_m) > 1e-5)
        return points[keep]

    def fill(
        self, points: Floats, ends_m3: Floats, open_ends_m3: Floats
    ) -> tuple[Floats, Floats, Floats]:
        """Return depths, volumes (K,) and cell areas (K,), the last cell reaching upward.

        Parameters
        ----------
        ends_m3, open_ends_m3 : (K,)
            What all conduit ends hold below the `points`, and those of open conduits.
        """
        volume = np.diff(ends_m3)
        step = np.diff(points)
        if self.storage is not None:
            volume = volume + np.diff(_extended(self.storage, points))
        below = np.maximum(volume, self.floor_area_m2 * step)
        if self.pond is None:
            volume = below
        else:
            pond = _extended(self.pond, points - self.rim_m)
            if not self.pond_holds_streets:
                pond = pond + open_ends_m3
            volume = np.where(points[:-1] >= self.rim_m, np.diff(pond), below)
        return points, np.concatenate(([0.0], np.cumsum(volume))), np.append(volume / step, 0.0)


def _extended(curve: Floats, depth_m: Floats) -> Floats:
    """Read a (depth, volume) curve, straight on above its last point."""
    depth, stored = curve
    slope = (stored[-1] - stored[-2]) / (depth[-1] - depth[-2])
    beyond = np.maximum(depth_m - depth[-1], 0.0)
    return np.asarray(np.interp(depth_m, depth, stored) + slope * beyond)


def build_tables(tables: Sequence[NodeTable]) -> list[tuple[Floats, Floats, Floats]]:
    """Return depths, volumes and cell areas of each table, see `NodeTable.fill`.

    Sections are evaluated once for all nodes that they end at: in a network of thousands of nodes
    that costs a fraction of asking for each.
    """
    points = [table.points() for table in tables]
    start = np.concatenate(([0], np.cumsum([len(p) for p in points])))
    flat = np.concatenate(points)
    total, in_open = np.zeros(len(flat)), np.zeros(len(flat))
    ends: dict[tuple[int, bool], list[tuple[int, float, float]]] = {}
    geometries: dict[tuple[int, bool], SectionGeometry] = {}
    for i, table in enumerate(tables):
        for geometry, offset_m, length_m in table.ends:
            key = (id(geometry), table.surcharges)
            geometries[key] = geometry
            ends.setdefault(key, []).append((i, offset_m, length_m))
    for key, geometry in geometries.items():
        at = np.concatenate([np.arange(start[i], start[i + 1]) for i, _, _ in ends[key]])
        sizes = [len(points[i]) for i, _, _ in ends[key]]
        offset = np.repeat([offset_m for _, offset_m, _ in ends[key]], sizes)
        length = np.repeat([length_m for _, _, length_m in ends[key]], sizes)
        held = length * _held_m2(geometry, flat[at] - offset, surcharges=key[1])
        np.add.at(total, at, held)
        if not geometry.closed:
            np.add.at(in_open, at, held)
    pieces = (slice(a, b) for a, b in pairwise(start.tolist()))
    return [
        table.fill(p, total[piece], in_open[piece])
        for table, p, piece in zip(tables, points, pieces, strict=True)
    ]


def _held_m2(geometry: SectionGeometry, depth_m: Floats, *, surcharges: bool) -> Floats:
    """Return what a metre of conduit holds, m3: above its crown in the slot or between walls."""
    depth = np.maximum(depth_m, 0.0)
    full_m = geometry.full_depth_m
    kept_m = full_m  # up to here the section itself stores
    top = SLOT_FRACTION * geometry.max_width_m
    if not geometry.closed:
        top = float(geometry.width(np.array([full_m]))[0])
    elif not surcharges:
        kept_m = _CROWN_CUTOFF * full_m
        top = max(top, float(geometry.width(np.array([kept_m]))[0]))
    inside = np.minimum(depth, kept_m)
    return np.asarray(geometry.area(inside) + top * (depth - inside))


def area_to_volume(points: tuple[tuple[float, float], ...], cells: int = 8) -> Floats:
    """Depth against volume of an area curve that is linear between its points; constant below."""
    depth, area = np.array(points, dtype=float).T
    if depth[0] > 0:
        depth, area = np.insert(depth, 0, 0.0), np.insert(area, 0, area[0])
    if len(depth) == 1:
        depth, area = np.append(depth, depth[0] + 1.0), np.append(area, area[0])
    fine = np.unique(
        np.concatenate(
            [np.linspace(a, b, cells + 1) for a, b in zip(depth, depth[1:], strict=False)]
        )
    )
    areas = np.interp(fine, depth, area)
    volume = np.concatenate(([0.0], np.cumsum((areas[1:] + areas[:-1]) / 2 * np.diff(fine))))
    return np.array([fine, volume])


def functional_volume(storage: Storage) -> Floats:
    """Depth against volume of ``area = a * depth**b + c``, integrated exactly."""
    depth = np.linspace(0.0, max(storage.max_depth_m, 1.0), 65)
    b = storage.area_exponent
    volume = (
        storage.area_coefficient * depth ** (b + 1) / (b + 1) + storage.area_constant_m2 * depth
    )
    return np.array([depth, volume])
