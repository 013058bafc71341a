"""How much ground floods around a manhole: depth against area from a grid of elevations.

Every cell belongs to one manhole, the nearest one within a limit, so no ground is counted twice.
A cell is under water at depth *d* above the rim when its elevation is at most rim + d and a chain
of such cells of the same manhole, side by side, leads from it to the manhole's own cell. Water
that would reach over a ridge, or leave the manhole's own ground, does not count.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components
from scipy.spatial import cKDTree

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
NOBODY = -1
_STEPS = 20


@dataclass(frozen=True, eq=False)
class Grid:
    """Cells of ground; all arrays are (rows, columns).

    Attributes
    ----------
    x_m, y_m
        Centres of the cells.
    level_m
        Elevations; NaN where unknown.
    area_m2
        Areas of the cells.
    """

    x_m: Floats
    y_m: Floats
    level_m: Floats
    area_m2: Floats


@dataclass(frozen=True, eq=False)
class Ponds:
    """Flooded ground of N manholes at D depths.

    Attributes
    ----------
    area_m2
        (N, D), increasing along the depths; 0 for a manhole outside of the grid.
    ground_m
        Elevation of the cell each manhole stands on; NaN outside, (N,).
    below_rim_m3
        Water that the flooded ground holds below the rim, which an area above the rim leaves out,
        (N,).
    cut_m2
        Of the flooded ground at the largest depth, what borders on dry-side limits: cells with a
        neighbour that lies as low but belongs to another manhole or to nobody, (N,).
    """

    area_m2: Floats
    ground_m: Floats
    below_rim_m3: Floats
    cut_m2: Floats


def nearest_owner(grid: Grid, place: Floats, limit_m: float) -> Ints:
    """Return for each cell the manhole that is nearest, or `NOBODY`; (rows, columns).

    Cells without elevation belong to nobody. Of equally near manholes one gets the cell.
    """
    known = np.flatnonzero(np.isfinite(grid.level_m))
    centres = np.column_stack([grid.x_m.ravel()[known], grid.y_m.ravel()[known]])
    owner = np.full(grid.level_m.size, NOBODY, dtype=np.int64)
    distance, nearest = cKDTree(place).query(centres, distance_upper_bound=limit_m)
    owner[known] = np.where(np.isfinite(distance), nearest, NOBODY)
    return owner.reshape(grid.level_m.shape)


def own_cells(grid: Grid, place: Floats) -> Ints:
    """Return the position (in the flattened grid) of the cell each place stands on; (N,).

    `NOBODY` for a place outside of the grid or on a cell without elevation: its nearest centre is
    farther than half a cell's diagonal, or has none.
    """
    rows, columns = grid.level_m.shape
    x, y = grid.x_m, grid.y_m
    # The lattice is regular, or nearly so where a projection bent it: a few steps lead to the cell.
    right = np.array([x[0, -1] - x[0, 0], y[0, -1] - y[0, 0]]) / max(columns - 1, 1)
    down = np.array([x[-1, 0] - x[0, 0], y[-1, 0] - y[0, 0]]) / max(rows - 1, 1)
    inverse = np.linalg.pinv(np.column_stack([down, right]))
    row, column = np.zeros(len(place), dtype=np.int64), np.zeros(len(place), dtype=np.int64)
    for _ in range(_STEPS):
        off = place - np.column_stack([x[row, column], y[row, column]])
        step = np.rint(off @ inverse.T).astype(np.int64)
        row = np.clip(row + step[:, 0], 0, rows - 1)
        column = np.clip(column + step[:, 1], 0, columns - 1)
        if not step.any():
            break
    cell = row * columns + column
    distance = np.hypot(place[:, 0] - x[row, column], place[:, 1] - y[row, column])
    half_diagonal = np.sqrt(grid.area_m2.ravel()[cell] / 2.0) * (1.0 + 1e-6)
    # Cells that a projection has made oblong reach a little farther than square ones.
    outside = (distance > 1.2 * half_diagonal) | ~np.isfinite(grid.level_m.ravel()[cell])
    return np.where(outside, NOBODY, cell)


def ponds(
    grid: Grid, place: Floats, rim_m: Floats, depths_m: Sequence[float], limit_m: float
) -> Ponds:
    """Return the ground that floods around each manhole at each depth above its rim.

    Parameters
    ----------
    place
        x and y of the manholes, m, (N, 2).
    rim_m
        Their rims, m, (N,).
    depths_m
        Increasing, (D,).
    limit_m
        The farthest that a cell's centre may be from its manhole.

    Notes
    -----
    The manhole's own cell is taken to be at its rim if the grid has it higher: a grid does not
    resolve the kerb, and a manhole that stands a little under the mean of its cell would otherwise
    have no pond.
    """
    count, shape = len(place), grid.level_m.shape
    owner = nearest_owner(grid, place, limit_m).ravel()
    seed = own_cells(grid, place)
    level, cell_m2 = grid.level_m.ravel().copy(), grid.area_m2.ravel()
    inside = seed != NOBODY
    ground = np.full(count, np.nan)
    ground[inside] = level[seed[inside]]
    level[seed[inside]] = np.minimum(level[seed[inside]], rim_m[inside])
    owner[seed[inside]] = np.flatnonzero(inside)
    # Two manholes on one cell: the later has it; the other has no ground of its own.
    inside[inside] = owner[seed[inside]] == np.flatnonzero(inside)

    rim = np.where(owner == NOBODY, np.nan, rim_m[owner])
    pairs = _neighbours(shape)
    same = owner[pairs[0]] == owner[pairs[1]]
    joined = pairs[:, same & (owner[pairs[0]] != NOBODY)]
    area = np.zeros((count, len(depths_m)))
    wet = np.zeros(level.size, dtype=bool)
    for k, depth in enumerate(depths_m):
        wet = _reached(level <= rim + depth, joined, owner, seed, inside)
        area[:, k] = _by_owner(owner[wet], cell_m2[wet], count)
        if k == 0:
            below = _by_owner(owner[wet], (rim - level)[wet] * cell_m2[wet], count)
    cut = _cut(wet, level, rim + depths_m[-1], pairs[:, ~same])
    return Ponds(
        area_m2=area,
        ground_m=ground,
        below_rim_m3=below,
        cut_m2=_by_owner(owner[cut], cell_m2[cut], count),
    )


def _by_owner(owner: Ints, amount: Floats, count: int) -> Floats:
    return np.asarray(np.bincount(owner, weights=amount, minlength=count), dtype=np.float64)


def _neighbours(shape: tuple[int, int]) -> Ints:
    """Return the pairs of cells that lie side by side, in the flattened grid; (2, pairs)."""
    cells = np.arange(shape[0] * shape[1], dtype=np.int64).reshape(shape)
    across = np.stack([cells[:, :-1].ravel(), cells[:, 1:].ravel()])
    down = np.stack([cells[:-1].ravel(), cells[1:].ravel()])
    return np.concatenate([across, down], axis=1)


def _reached(
    low: npt.NDArray[np.bool_], joined: Ints, owner: Ints, seed: Ints, inside: npt.NDArray[np.bool_]
) -> npt.NDArray[np.bool_]:
    """Return which of the `low` cells hang together with the seed of their owner."""
    passable = joined[:, low[joined[0]] & low[joined[1]]]
    size = low.size
    links = coo_array((np.ones(passable.shape[1], dtype=bool), (passable[0], passable[1])),
                      shape=(size, size))  # fmt: skip
    _, pool = connected_components(links, directed=False)
    home = np.full(inside.size, NOBODY, dtype=np.int64)
    home[inside] = pool[seed[inside]]
    return np.asarray(low & (owner != NOBODY) & (pool == home[owner]))


def _cut(
    wet: npt.NDArray[np.bool_], level: Floats, water: Floats, foreign: Ints
) -> npt.NDArray[np.bool_]:
    """Return the wet cells whose water would run on into ground that is not their owner's."""
    cut = np.zeros(wet.size, dtype=bool)
    for here, there in (foreign, foreign[::-1]):
        cut[here[wet[here] & ~(level[there] > water[here])]] = True
    return cut
