"""The street graph: nodes, streets between them, and the directions in which one may drive."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
import shapely
from numpy.typing import NDArray

from sim.kernel.errors import InputError, did_you_mean

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]


@dataclass(frozen=True)
class Arcs:
    """Directions of streets: all streets as drawn first, then those driven both ways, backwards.

    Attributes
    ----------
    tail, head : (E,) arrays
        Node indices.
    street : (E,) array
        Index of the street.
    backwards : (E,) array
        Whether the street is driven against its drawing.
    """

    tail: Ints
    head: Ints
    street: Ints
    backwards: Bools


@dataclass(frozen=True, eq=False)
class StreetGraph:
    """Streets as a graph in a plane.

    Attributes
    ----------
    nodes : tuple of str
        Unique names (N).
    xy_m : (N, 2) array
    streets : tuple of str
        Unique ids (S).
    start, end : (S,) arrays
        Node indices of each street as drawn.
    length_m, free_m_s : (S,) arrays
        Length along the street, which may exceed the drawing's, and speed without traffic.
    one_way : (S,) array
        Driven from start to end only.
    kind : tuple of str
        Class of each street, as its source calls it; empty where it has none.
    drawn : mapping
        Coordinates (k, 2) of streets that are not straight, by index, from start to end.
    """

    nodes: tuple[str, ...]
    xy_m: Floats
    streets: tuple[str, ...]
    start: Ints
    end: Ints
    length_m: Floats
    free_m_s: Floats
    one_way: Bools
    kind: tuple[str, ...]
    drawn: Mapping[int, Floats] = field(default_factory=dict)

    @cached_property
    def index(self) -> Mapping[str, int]:
        """Index of each node by name."""
        return {name: i for i, name in enumerate(self.nodes)}

    @cached_property
    def street_index(self) -> Mapping[str, int]:
        """Index of each street by id."""
        return {name: i for i, name in enumerate(self.streets)}

    @cached_property
    def arcs(self) -> Arcs:
        """The directions in which one may drive."""
        both = np.flatnonzero(~self.one_way)
        every = np.arange(len(self.streets))
        return Arcs(
            tail=np.concatenate((self.start, self.end[both])),
            head=np.concatenate((self.end, self.start[both])),
            street=np.concatenate((every, both)),
            backwards=np.concatenate((np.zeros(every.size, bool), np.ones(both.size, bool))),
        )

    @cached_property
    def lines(self) -> NDArray[np.object_]:
        """Each street as a shapely line, from start to end."""
        return np.array(
            [
                shapely.LineString(self.drawn.get(i, self.xy_m[[self.start[i], self.end[i]]]))
                for i in range(len(self.streets))
            ],
            dtype=object,
        )

    @cached_property
    def tree(self) -> shapely.STRtree:
        """Index of the lines by place."""
        return shapely.STRtree(self.lines)

    def nearest(self, x_m: float, y_m: float) -> str:
        """Return the node nearest to a place."""
        return self.nodes[int(np.argmin(np.hypot(self.xy_m[:, 0] - x_m, self.xy_m[:, 1] - y_m)))]


@dataclass(frozen=True)
class Conditions:
    """The state of streets at a moment.

    Attributes
    ----------
    speed_factor : mapping
        By street id, times the free speed; 0 closes the street; 1 for all others.
    """

    speed_factor: Mapping[str, float] = field(default_factory=dict)

    def seconds(self, graph: StreetGraph) -> Floats:
        """Return the time to drive each street (S,), s; infinite where it is closed.

        Raises
        ------
        InputError
            A street the graph does not have, or a factor that is none.
        """
        factor = np.ones(len(graph.streets))
        for name, value in self.speed_factor.items():
            if name not in graph.street_index:
                raise InputError(
                    "no such street", where="speed_factor", value=name,
                    hint=did_you_mean(name, graph.streets),
                )  # fmt: skip
            if not 0.0 <= value < np.inf:
                raise InputError(
                    "not a speed factor", where=f"speed_factor.{name}", value=value,
                    expected="a number of at least 0",
                )  # fmt: skip
            factor[graph.street_index[name]] = value
        speed = graph.free_m_s * factor
        seconds = np.full(len(graph.streets), np.inf)
        np.divide(graph.length_m, speed, out=seconds, where=speed > 0.0)
        return seconds


def closed(*streets: str) -> Conditions:
    """Return conditions under which these streets are closed and all others free."""
    return Conditions(dict.fromkeys(streets, 0.0))
