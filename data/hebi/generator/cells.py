"""Which ground belongs to which street junction: areas, slopes and ponding curves from a raster."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from .assumptions import Assumptions
from .streets import StreetGraph, other_end
from .terrain import Outline, Terrain

PONDING_DEPTHS_ROW = "ponding.depths"


@dataclass(frozen=True)
class Cell:
    """The ground nearest to one junction.

    ``ponding`` holds (depth above the street in m, area in m2), both increasing. ``closure`` is
    the share of the streets at the junction that rise away from it: 1 in a bowl, about a half on
    a slope, where water runs off instead of standing.
    """

    area_m2: float
    slope_percent: float
    closure: float
    ponding: tuple[tuple[float, float], ...]


def standing_m2(cell: Cell, depth_m: float) -> float:
    """Return the ponding area of a cell at one of the depths its curve is filed for, m2."""
    return dict(cell.ponding)[depth_m]


def raster(outline: Outline, step_m: float) -> tuple[np.ndarray, np.ndarray]:
    """Return the centres (x, y) of the square cells of side `step_m` inside the outline."""
    east_m = outline.bank_mean_m + outline.bank_swing_m
    xs = np.arange(outline.west_m + step_m / 2, east_m, step_m)
    ys = np.arange(outline.south_m + step_m / 2, outline.north_m, step_m)
    x, y = np.meshgrid(xs, ys)
    inside = x <= outline.bank_x_m(y)
    return x[inside], y[inside]


def build_cells(
    assumptions: Assumptions, outline: Outline, terrain: Terrain, graph: StreetGraph
) -> dict[str, Cell]:
    """Share the district among the junctions; the areas add up to the published one."""
    number = assumptions.number
    x, y = raster(outline, number("cells.raster_step"))
    z = terrain.elevation_m(x, y)
    names = [node.id for node in graph.nodes.values() if not node.underpass]
    node_x = np.array([graph.nodes[name].x_m for name in names])
    node_y = np.array([graph.nodes[name].y_m for name in names])
    owner = np.empty(len(x), dtype=np.int64)
    for start in range(0, len(x), 4096):  # in blocks, to keep the distance table small
        part = slice(start, start + 4096)
        distance2 = (x[part, None] - node_x) ** 2 + (y[part, None] - node_y) ** 2
        owner[part] = np.argmin(distance2, axis=1)

    underpasses = [node.id for node in graph.nodes.values() if node.underpass]
    underpass_area_m2 = number("cells.underpass_area")
    rest_m2 = number("city.area") * 1e6 - len(underpasses) * underpass_area_m2
    m2_per_cell = rest_m2 / len(x)
    rising = _closure(graph)
    delta_m = number("cells.raster_step")
    slope = np.hypot(
        terrain.elevation_m(x + delta_m, y) - terrain.elevation_m(x - delta_m, y),
        terrain.elevation_m(x, y + delta_m) - terrain.elevation_m(x, y - delta_m),
    ) / (2 * delta_m)
    order = np.argsort(owner, kind="stable")
    bounds = np.searchsorted(owner[order], np.arange(len(names) + 1))
    cells: dict[str, Cell] = {}
    for index, name in enumerate(names):
        mine = order[bounds[index] : bounds[index + 1]]
        area_m2 = len(mine) * m2_per_cell
        rise_m = z[mine] - graph.nodes[name].elevation_m
        curve = _ponding(assumptions, graph, name, rise_m, m2_per_cell, rising[name])
        percent = max(round(100 * float(slope[mine].mean()), 3), number("cells.least_slope"))
        cells[name] = Cell(round(area_m2, 1), percent, round(rising[name], 3), curve)
    for name in underpasses:
        cells[name] = Cell(
            underpass_area_m2, 100 * number("streets.underpass_ramp_slope"), 1.0,
            _underpass_ponding(assumptions),
        )  # fmt: skip
    return cells


def _closure(graph: StreetGraph) -> dict[str, float]:
    """Return the share of the streets that rise away from each junction (underpasses aside)."""
    closure = {}
    for name, streets in graph.neighbours().items():
        here_m = graph.nodes[name].elevation_m
        ends = [graph.nodes[other_end(s, name)] for s in streets]
        ends = [end for end in ends if not end.underpass]
        rising = sum(end.elevation_m > here_m for end in ends)
        closure[name] = rising / len(ends) if ends else 1.0
    return closure


def _ponding(
    assumptions: Assumptions,
    graph: StreetGraph,
    name: str,
    rise_m: np.ndarray,
    m2_per_cell: float,
    closure: float,
) -> tuple[tuple[float, float], ...]:
    """Return the depth-area curve of one junction.

    The street itself holds the intersection's area; above the kerb the water spreads over the
    open part of the ground lower than the water level, as far as the junction is closed.
    """
    number = assumptions.number
    classes = {s.street_class for s in graph.neighbours()[name]}
    best = next(c for c in ("arterial", "collector", "local") if c in classes)
    street_m2 = number(f"ponding.{best}.street_area")
    share = number("ponding.open_share") * closure ** number("ponding.closure_exponent")
    multiplier = number("calibration.ponding_area_multiplier")
    kerb_m = number("ponding.kerb")
    points = []
    for depth_m in assumptions.numbers(PONDING_DEPTHS_ROW):
        # at depth 0 only the street is wet, however low the ground behind the kerb lies
        under_water = int(np.count_nonzero(rise_m + kerb_m <= depth_m)) if depth_m > 0 else 0
        ground_m2 = share * under_water * m2_per_cell
        points.append((depth_m, round(multiplier * (street_m2 + ground_m2), 1)))
    return tuple(points)


def _underpass_ponding(assumptions: Assumptions) -> tuple[tuple[float, float], ...]:
    """Return the wedge between two ramps: area = floor + width x 2 depth / slope, to the top."""
    number = assumptions.number
    width_m = number("streets.underpass_width")
    slope = number("streets.underpass_ramp_slope")
    floor_m2 = number("streets.underpass_floor_area")
    drop_m = number("streets.underpass_drop")
    depths = sorted({*(d for d in assumptions.numbers(PONDING_DEPTHS_ROW) if d < drop_m), drop_m})
    return tuple((d, round(floor_m2 + width_m * 2 * d / slope, 1)) for d in depths)
