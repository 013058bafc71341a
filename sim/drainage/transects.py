"""Exact geometry and conveyance of a surveyed section, by depth above its lowest point."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sim.drainage.elements import Transect
from sim.kernel.errors import InputError

Array = NDArray[np.float64]


@dataclass(frozen=True)
class TransectShape:
    """Straight reaches between stations, walled vertically at both ends up to the highest point.

    ``low_m`` / ``high_m`` (K,): depths of the ends of each reach; ``run_m`` (K,): its horizontal
    length; ``n`` (K,): Manning's n; ``joined`` (K,): whether a reach shares a subsection with the
    reach before it, if both are wet and the point between them is under water.
    """

    depth_m: float
    n_channel: float
    low_m: Array
    high_m: Array
    run_m: Array
    n: Array
    joined: NDArray[np.bool_]
    join_m: Array

    @classmethod
    def of(cls, transect: Transect) -> TransectShape:
        """Read `transect`; banks that fall between stations become stations of their own.

        Raises
        ------
        InputError
            If stations run backwards, the section has no depth, or the banks are crossed.
        """
        x = np.array([point[0] for point in transect.stations])
        z = np.array([point[1] for point in transect.stations])
        where = f"transect {transect.id}"
        if np.any(np.diff(x) < 0):
            raise InputError("stations run backwards", where=where, value=x.tolist(),
                             expected="stations in ascending order")  # fmt: skip
        if z.max() <= z.min():
            raise InputError("the section has no depth", where=where, value=float(z.min()),
                             expected="stations at different elevations")  # fmt: skip
        left, right = transect.left_bank_m, transect.right_bank_m
        if left > right:
            raise InputError("the left bank lies right of the right bank", where=where,
                             value=(left, right), expected="left bank first")  # fmt: skip
        for bank in (left, right):
            if x[0] < bank < x[-1] and bank not in x:
                at = int(np.searchsorted(x, bank))
                z = np.insert(z, at, np.interp(bank, x, z))
                x = np.insert(x, at, bank)
        z = z - z.min()
        top = float(z.max())
        x = np.concatenate(([x[0]], x, [x[-1]]))
        z = np.concatenate(([top], z, [top]))
        middle = 0.5 * (x[:-1] + x[1:])
        # A vertical reach standing on a bank belongs to the channel.
        n = np.where(
            middle < left, transect.n_left,
            np.where(middle > right, transect.n_right, transect.n_channel),
        )  # fmt: skip
        joined = np.concatenate(([False], n[1:] == n[:-1]))
        return cls(
            depth_m=top, n_channel=transect.n_channel,
            low_m=np.minimum(z[:-1], z[1:]), high_m=np.maximum(z[:-1], z[1:]),
            run_m=np.diff(x), n=n, joined=joined, join_m=z[:-1].copy(),
        )  # fmt: skip

    def _slices(self, y: Array) -> tuple[Array, Array, Array]:
        """Width, area and wetted length of every reach at depths `y`: each (..., K)."""
        depth = y[..., None]
        rise = self.high_m - self.low_m
        steep = rise > 0.0
        share = np.where(
            steep,
            np.clip((depth - self.low_m) / np.where(steep, rise, 1.0), 0.0, 1.0),
            (depth > self.low_m).astype(float),
        )
        wet = np.maximum(np.minimum(depth, self.high_m) - self.low_m, 0.0)
        over = np.maximum(depth - self.high_m, 0.0)
        width = self.run_m * share
        area = 0.5 * width * wet + self.run_m * over
        return width, area, np.hypot(self.run_m, rise) * share

    def width(self, y: Array) -> Array:
        return np.asarray(self._slices(y)[0].sum(axis=-1))

    def area(self, y: Array) -> Array:
        return np.asarray(self._slices(y)[1].sum(axis=-1))

    def wetted_perimeter(self, y: Array) -> Array:
        return np.asarray(self._slices(y)[2].sum(axis=-1))

    def section_factor(self, y: Array) -> Array:
        """Conveyance times the channel's n: ``n_channel * sum_k A_k (A_k / P_k)**(2/3) / n_k``.

        Subsections k are runs of wet reaches of one n, as in SWMM: the water surface between two
        of them carries no friction, and an island separates them.
        """
        _, area, wetted = self._slices(y)
        total = np.zeros(y.shape)
        a = np.zeros(y.shape)
        p = np.zeros(y.shape)
        for k in range(len(self.run_m)):
            starts = np.logical_or(not self.joined[k], self.join_m[k] >= y)
            total += np.where(starts, _conveyance(a, p, self.n[k - 1]), 0.0)
            a = np.where(starts, 0.0, a) + area[..., k]
            p = np.where(starts, 0.0, p) + wetted[..., k]
        return self.n_channel * (total + _conveyance(a, p, self.n[-1]))


def _conveyance(area: Array, perimeter: Array, n: float) -> Array:
    radius = np.divide(area, perimeter, out=np.zeros_like(area), where=perimeter > 0.0)
    return np.asarray(area * np.cbrt(radius * radius) / n)
