"""The ground: a smooth fall from the west hills to the river, with valleys, bowls and noise."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from .assumptions import Assumptions

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Outline:
    """The new district: south and north edges, a straight west edge, a winding river bank.

    The west edge is placed so that the area is exactly the published one.
    """

    west_m: float
    south_m: float
    north_m: float
    bank_mean_m: float
    bank_swing_m: float
    bank_wave_m: float
    bank_phase_rad: float

    @classmethod
    def of(cls, assumptions: Assumptions) -> Outline:
        """Place the west edge so that the area is the published one."""
        number = assumptions.number
        height_m = number("city.height_north_south")
        area_m2 = number("city.area") * 1e6
        bank_mean_m = number("river.bank_mean_x")
        swing_m = number("river.bank_swing")
        wave_m = number("river.bank_wave_length")
        phase = number("river.bank_phase")
        south_m = -height_m / 2
        k = 2 * np.pi / wave_m
        # the integral of the swing over the height, in closed form
        swing_area_m2 = swing_m / k * (np.cos(k * south_m + phase) - np.cos(-k * south_m + phase))
        west_m = bank_mean_m - (area_m2 - float(swing_area_m2)) / height_m
        return cls(west_m, south_m, -south_m, bank_mean_m, swing_m, wave_m, phase)

    def bank_x_m(self, y_m: ArrayLike) -> Floats:
        """Return the easting of the river bank at northing `y_m`."""
        y = np.asarray(y_m, dtype=np.float64)
        k = 2 * np.pi / self.bank_wave_m
        return self.bank_mean_m + self.bank_swing_m * np.sin(k * y + self.bank_phase_rad)


@dataclass(frozen=True)
class Tributary:
    """A channel that crosses the district from west to east into the river."""

    id: str
    name_en: str
    name_zh: str
    y_m: float
    swing_m: float
    wave_m: float
    phase_rad: float

    def axis_y_m(self, x_m: ArrayLike) -> Floats:
        """Return the northing of the channel at easting `x_m`."""
        x = np.asarray(x_m, dtype=np.float64)
        return self.y_m + self.swing_m * np.sin(2 * np.pi * x / self.wave_m + self.phase_rad)


def tributaries(assumptions: Assumptions) -> tuple[Tributary, ...]:
    """Return the two tributary channels, north first."""
    number = assumptions.number
    names = (
        ("TN", "North tributary channel", "北支渠"),
        ("TS", "South tributary channel", "南支渠"),
    )
    return tuple(
        Tributary(
            key, name_en, name_zh,
            number(f"tributary.{key}.y"), number("tributary.swing"),
            number("tributary.wave_length"), number(f"tributary.{key}.phase"),
        )
        for key, name_en, name_zh in names
    )  # fmt: skip


class Terrain:
    """Ground elevation in m as a function of the local plane's metres."""

    def __init__(
        self,
        assumptions: Assumptions,
        outline: Outline,
        valleys: tuple[Tributary, ...],
        generator: np.random.Generator,
    ) -> None:
        number = assumptions.number
        self._outline = outline
        self._valleys = valleys
        self._bank_elevation_m = number("terrain.bank_elevation") + number(
            "calibration.ground_shift"
        )
        self._slopes = assumptions.numbers("terrain.slope_by_belt")
        self._breaks_m = assumptions.numbers("terrain.belt_break")
        self._blend_m = number("terrain.belt_blend")
        self._valley_depth_m = number("terrain.valley_depth")
        self._valley_width_m = number("terrain.valley_width")
        waves = assumptions.count("terrain.noise_waves")
        shortest, longest = assumptions.numbers("terrain.noise_wave_length")
        direction = generator.random(waves) * 2 * np.pi
        length = shortest + (longest - shortest) * generator.random(waves)
        self._wave_x = 2 * np.pi / length * np.cos(direction)
        self._wave_y = 2 * np.pi / length * np.sin(direction)
        self._wave_phase = generator.random(waves) * 2 * np.pi
        self._wave_amplitude_m = number("terrain.noise_amplitude") / np.sqrt(waves / 2)
        self.bowls = self._place_bowls(assumptions, generator)

    def _place_bowls(self, assumptions: Assumptions, generator: np.random.Generator) -> Floats:
        """Return the bowls' x, y, depth and radius, one row each, not closer than stated."""
        count = assumptions.count("terrain.bowls")
        low_m, high_m = assumptions.numbers("terrain.bowl_depth")
        near_m, far_m = assumptions.numbers("terrain.bowl_distance_from_bank")
        spacing_m = assumptions.number("terrain.bowl_spacing")
        radius_m = assumptions.number("terrain.bowl_radius")
        bowls: list[tuple[float, float, float, float]] = []
        while len(bowls) < count:
            y = (
                self._outline.south_m
                + radius_m
                + generator.random()
                * (self._outline.north_m - self._outline.south_m - 2 * radius_m)
            )
            x = float(self._outline.bank_x_m(y)) - near_m - generator.random() * (far_m - near_m)
            depth_m = low_m + generator.random() * (high_m - low_m)
            if all(np.hypot(x - b[0], y - b[1]) >= spacing_m for b in bowls):
                bowls.append((x, y, depth_m, radius_m))
        return np.array(bowls)

    def elevation_m(self, x_m: ArrayLike, y_m: ArrayLike) -> Floats:
        """Return the ground elevation in m; `x_m` and `y_m` have the same shape."""
        x = np.asarray(x_m, dtype=np.float64)
        y = np.asarray(y_m, dtype=np.float64)
        inland_m = self._outline.bank_x_m(y) - x
        z = self._bank_elevation_m + self._slopes[0] * inland_m
        for before, after, at_m in zip(
            self._slopes[:-1], self._slopes[1:], self._breaks_m, strict=True
        ):
            ramp_m = self._blend_m * np.logaddexp(0.0, (inland_m - at_m) / self._blend_m)
            z = z + (after - before) * ramp_m
        for valley in self._valleys:
            away = (y - valley.axis_y_m(x)) / self._valley_width_m
            z = z - self._valley_depth_m * np.exp(-(away**2))
        for bowl_x, bowl_y, depth_m, radius_m in self.bowls:
            away2 = ((x - bowl_x) ** 2 + (y - bowl_y) ** 2) / radius_m**2
            z = z - depth_m * np.exp(-away2)
        for kx, ky, phase in zip(self._wave_x, self._wave_y, self._wave_phase, strict=True):
            z = z + self._wave_amplitude_m * np.sin(kx * x + ky * y + phase)
        return np.asarray(z, dtype=np.float64)
