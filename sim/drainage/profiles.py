"""Pieces of a cross-section's wall, each with its exact width, area and wetted length by depth.

A wall is a chain of pieces from the invert up, each covering ``bottom_m <= y <= top_m`` and giving
the horizontal distance ``x`` from the section's axis. What a piece returns is for one wall; a
symmetric section has the same wall twice. The arc forms are exact; the ellipse's and the power
function's arc lengths are integrated by Gauss-Legendre quadrature to about 1e-10.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

_NODES, _WEIGHTS = np.polynomial.legendre.leggauss(48)


class Piece(Protocol):
    """One piece of wall. Arguments are depths within ``[bottom_m, top_m]``."""

    @property
    def bottom_m(self) -> float: ...
    @property
    def top_m(self) -> float: ...
    def x(self, y: Array) -> Array:
        """Distance of the wall from the axis, m."""
        ...

    def area(self, y: Array) -> Array:
        """Area between axis and wall from ``bottom_m`` up to `y`, m2."""
        ...

    def length(self, y: Array) -> Array:
        """Length of the wall from ``bottom_m`` up to `y`, m."""
        ...


@dataclass(frozen=True)
class Line:
    """A straight wall from ``(bottom_x_m, bottom_m)`` to ``(top_x_m, top_m)``."""

    bottom_m: float
    top_m: float
    bottom_x_m: float
    top_x_m: float

    @property
    def _run(self) -> float:
        return (self.top_x_m - self.bottom_x_m) / (self.top_m - self.bottom_m)

    def x(self, y: Array) -> Array:
        return self.bottom_x_m + self._run * (y - self.bottom_m)

    def area(self, y: Array) -> Array:
        rise = y - self.bottom_m
        return rise * (self.bottom_x_m + 0.5 * self._run * rise)

    def length(self, y: Array) -> Array:
        return (y - self.bottom_m) * math.hypot(1.0, self._run)


def _segment(angle: Array) -> Array:
    """Half segment of a unit circle within `angle` of its lowest point: (a - sin a cos a) / 2."""
    small = angle < 0.05
    t = np.where(small, angle, 0.0)
    series = t**3 * (1.0 / 3.0 - t**2 * (1.0 / 15.0 - t**2 * (2.0 / 315.0)))
    return np.asarray(np.where(small, series, 0.5 * angle - 0.25 * np.sin(2.0 * angle)))


@dataclass(frozen=True)
class Arc:
    """A circular or elliptical arc bulging outwards, centred at ``(centre_x_m, centre_y_m)``.

    ``radius_m`` is the vertical semi-axis and ``radius_x_m`` the horizontal one (None: a circle).
    """

    bottom_m: float
    top_m: float
    centre_x_m: float
    centre_y_m: float
    radius_m: float
    radius_x_m: float | None = None

    @property
    def _rx(self) -> float:
        return self.radius_m if self.radius_x_m is None else self.radius_x_m

    def _angle(self, y: Array) -> Array:
        """Angle at the centre from the lowest point up to `y` (0 to pi)."""
        height = (y - (self.centre_y_m - self.radius_m)) / (2.0 * self.radius_m)
        return np.asarray(2.0 * np.arcsin(np.sqrt(np.clip(height, 0.0, 1.0))))

    def x(self, y: Array) -> Array:
        height = np.maximum(y - (self.centre_y_m - self.radius_m), 0.0)
        drop = np.maximum(self.centre_y_m + self.radius_m - y, 0.0)
        return np.asarray(self.centre_x_m + self._rx / self.radius_m * np.sqrt(height * drop))

    def area(self, y: Array) -> Array:
        start = self._angle(np.array(self.bottom_m))
        part = _segment(self._angle(y)) - _segment(start)
        return self.centre_x_m * (y - self.bottom_m) + self.radius_m * self._rx * part

    def length(self, y: Array) -> Array:
        start = self._angle(np.array(self.bottom_m))
        angle = self._angle(y)
        if self.radius_x_m is None:
            return self.radius_m * (angle - start)
        half = 0.5 * (angle - start)[..., None]
        t = start + half * (1.0 + _NODES)
        speed = np.hypot(self._rx * np.cos(t), self.radius_m * np.sin(t))
        return np.asarray((half * speed) @ _WEIGHTS)


@dataclass(frozen=True)
class HangingArch:
    """An inverted catenary, ``top_m - y = c (cosh(x / c) - 1)``, from ``bottom_m`` to its crown."""

    bottom_m: float
    top_m: float
    parameter_m: float

    def x(self, y: Array) -> Array:
        drop = np.maximum(self.top_m - y, 0.0) / self.parameter_m
        return np.asarray(self.parameter_m * np.arccosh(1.0 + drop))

    def _above(self, y: Array) -> tuple[Array, Array]:
        """Area and length between `y` and the crown."""
        c = self.parameter_m
        u = self.x(y) / c
        return c * c * (u * np.cosh(u) - np.sinh(u)), c * np.sinh(u)

    def area(self, y: Array) -> Array:
        return self._above(np.array(self.bottom_m))[0] - self._above(y)[0]

    def length(self, y: Array) -> Array:
        return self._above(np.array(self.bottom_m))[1] - self._above(y)[1]


@dataclass(frozen=True)
class PowerWall:
    """``x = half_width * (y / top)**exponent`` from the invert up; a parabola has exponent 1/2."""

    top_m: float
    half_width_m: float
    exponent: float
    bottom_m: float = 0.0

    def x(self, y: Array) -> Array:
        return np.asarray(self.half_width_m * (y / self.top_m) ** self.exponent)

    def area(self, y: Array) -> Array:
        return self.x(y) * y / (self.exponent + 1.0)

    def length(self, y: Array) -> Array:
        # Integrate over the coordinate in which the slope stays finite at the invert.
        m = self.exponent
        if m >= 1.0:
            half, scale = 0.5 * y[..., None], self.half_width_m / self.top_m
            t = half * (1.0 + _NODES) / self.top_m
            speed = np.hypot(1.0, scale * m * t ** (m - 1.0))
        else:
            half, scale = 0.5 * self.x(y)[..., None], self.top_m / self.half_width_m
            t = half * (1.0 + _NODES) / self.half_width_m
            speed = np.hypot(1.0, scale / m * t ** (1.0 / m - 1.0))
        return np.asarray((half * speed) @ _WEIGHTS)
