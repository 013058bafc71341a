"""Points brought to the nearest place on a street, with a report of how far they were moved."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import shapely

from sim.kernel.errors import InputError, InputErrors
from sim.streets.graph import Floats, StreetGraph

_AS_NEAR_M = 1e-6


@dataclass(frozen=True)
class Position:
    """A place on a street: so far along it from its start, as a fraction from 0 to 1."""

    street: int
    fraction: float


@dataclass(frozen=True, eq=False)
class Snapped:
    """Where points were brought to.

    Attributes
    ----------
    names : tuple of str
        The points (P).
    positions : tuple
        Their places on streets; none for those beyond the limit.
    xy_m : (P, 2) array
        The places; NaN for those beyond the limit.
    moved_m : (P,) array
        How far each is from the nearest street, also beyond the limit.
    beyond : tuple of str
        Points further away than the limit.
    """

    names: tuple[str, ...]
    positions: tuple[Position | None, ...]
    xy_m: Floats
    moved_m: Floats
    limit_m: float

    @property
    def beyond(self) -> tuple[str, ...]:
        """Points further from any street than the limit."""
        pairs = zip(self.names, self.positions, strict=True)
        return tuple(name for name, position in pairs if position is None)

    def __str__(self) -> str:
        near = self.moved_m[[position is not None for position in self.positions]]
        text = f"{near.size} of {len(self.names)} points snapped"
        if near.size:
            middle, most = float(np.median(near)), float(near.max())
            text += f", moved {middle:.1f} m in the middle and {most:.1f} m at most"
        if self.beyond:
            text += f"; beyond {self.limit_m:g} m: {', '.join(self.beyond)}"
        return text


def at_node(graph: StreetGraph, node: str) -> Position:
    """Return a node as a place on one of its streets.

    Raises
    ------
    InputError
        There is no such node, or no street at it.
    """
    i = graph.index.get(node, -1)
    for ends, fraction in ((graph.start, 0.0), (graph.end, 1.0)):
        streets = np.flatnonzero(ends == i)
        if streets.size:
            return Position(int(streets[0]), fraction)
    raise InputError("no street leads to this node", where="node", value=node)


def snap(
    graph: StreetGraph,
    names: Sequence[str],
    xy_m: Floats,
    limit_m: float,
    *,
    refuse: bool = True,
) -> Snapped:
    """Return the nearest place on a street for each point (P, 2).

    Of streets that are equally near, to 1e-6 m, the first in the graph counts.

    Parameters
    ----------
    refuse
        Whether points beyond the limit are refused, rather than listed.

    Raises
    ------
    InputErrors
        Every point that is no place, or is beyond the limit.
    """
    xy_m = np.asarray(xy_m, dtype=float).reshape(-1, 2)
    bad = [
        InputError("not a place", where=name, value=place.tolist(), expected="two finite numbers")
        for name, place in zip(names, xy_m, strict=True)
        if not np.all(np.isfinite(place))
    ]
    if bad:
        raise InputErrors(bad)
    if not graph.streets:
        raise InputError("there is no street", where="streets")
    points = shapely.points(xy_m)
    (first, _), apart = graph.tree.query_nearest(points, return_distance=True, all_matches=False)
    reach = np.zeros(len(points))
    reach[first] = apart + _AS_NEAR_M
    which, street = graph.tree.query(points, predicate="dwithin", distance=reach)
    nearest = np.full(len(xy_m), len(graph.streets))
    np.minimum.at(nearest, which, street)
    lines = graph.lines[nearest]
    fraction = shapely.line_locate_point(lines, points, normalized=True)
    places = shapely.get_coordinates(
        shapely.line_interpolate_point(lines, fraction, normalized=True)
    )
    moved = shapely.distance(lines, points)
    within = moved <= limit_m
    if refuse and not np.all(within):
        raise InputErrors(
            InputError(
                "too far from any street", where=names[int(i)], value=f"{moved[i]:.1f} m",
                expected=f"at most {limit_m:g} m from a street",
                hint=f"the nearest is {graph.streets[nearest[i]]}; correct the point, add the "
                "street, or allow more",
            )
            for i in np.flatnonzero(~within)
        )  # fmt: skip
    places[~within] = np.nan
    positions = tuple(
        Position(int(s), float(f)) if near else None
        for s, f, near in zip(nearest, fraction, within, strict=True)
    )
    return Snapped(tuple(names), positions, places, moved, limit_m)
