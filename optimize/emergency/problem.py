"""The problem: sites, points with weights, travel times, and how much a truck in time is worth."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

from sim.kernel.errors import InputError


@dataclass(frozen=True)
class Need:
    """A point that will have to be pumped.

    Attributes
    ----------
    weight
        What it costs to leave it alone, e.g. expected depth-hours.
    shares
        What part of the weight the first, second, ... truck is worth; no more trucks than this
        have room. Not increasing.
    """

    point: str
    weight: float
    shares: tuple[float, ...] = (1.0,)


@dataclass(frozen=True)
class Coverage:
    """Choose sites for trucks so that as much weight as possible is reached soon.

    A truck at a site is worth ``weight * share * (1 - seconds / limit_s)`` to a point, nothing
    beyond the limit: the later it comes, the less is left to save.

    Attributes
    ----------
    trucks
        How many there are.
    room
        By site, how many trucks can wait there.
    needs
        With unique points.
    seconds
        By (site, point) the travel time; a pair that is missing or infinite cannot be driven.
    points_per_truck
        How many points one truck can look after, one after the other.
    limit_s
        A truck that comes later is worth nothing.
    """

    trucks: int
    room: Mapping[str, int]
    needs: tuple[Need, ...]
    seconds: Mapping[tuple[str, str], float]
    limit_s: float
    points_per_truck: int = 1

    def __post_init__(self) -> None:
        _require(self.trucks >= 0, "trucks", self.trucks, "at least 0")
        _require(self.points_per_truck >= 1, "points_per_truck", self.points_per_truck, "1 or more")
        _require(0 < self.limit_s < math.inf, "limit_s", self.limit_s, "a positive number")
        names = [need.point for need in self.needs]
        _require(len(set(names)) == len(names), "needs", names, "every point once")
        for need in self.needs:
            at = f"needs/{need.point}"
            _require(0 <= need.weight < math.inf, f"{at}/weight", need.weight, "0 or more")
            falls = all(a >= b for a, b in zip(need.shares, need.shares[1:], strict=False))
            positive = bool(need.shares) and need.shares[-1] >= 0
            _require(falls and positive, f"{at}/shares", need.shares, "not increasing, 0 or more")

    def worth(self, site: str, need: Need, rank: int) -> float:
        """Return what a truck at `site` is worth as the `rank`-th (from 0) at a point."""
        seconds = self.seconds.get((site, need.point), math.inf)
        if not seconds < self.limit_s:
            return 0.0
        return need.weight * need.shares[rank] * (1.0 - seconds / self.limit_s)


@dataclass(frozen=True)
class Placement:
    """Where trucks wait and which points they are counted for.

    Attributes
    ----------
    sites
        Trucks by site, those with none left out.
    covers
        (site, point, rank of the truck at the point).
    value
        Sum of the worths, in the unit of the weights.
    bound
        No placement is worth more, proven; equal to `value` if the placement is the best.
    """

    sites: Mapping[str, int]
    covers: tuple[tuple[str, str, int], ...]
    value: float
    bound: float

    @property
    def gap(self) -> float:
        """How far the value may be from the best, as a fraction of the bound."""
        return (self.bound - self.value) / self.bound if self.bound > 0.0 else 0.0


def _require(holds: bool, where: str, value: object, expected: str) -> None:
    if not holds:
        raise InputError("not valid", where=where, value=value, expected=expected)
