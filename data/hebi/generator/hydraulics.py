"""The textbook formulas the sewers were sized with: the storm formula and Manning's."""

from __future__ import annotations

from dataclasses import dataclass
from math import log10, pi, sqrt

from .assumptions import Assumptions


@dataclass(frozen=True)
class StormFormula:
    """q = a (1 + c lg P) / (t + b)^n in L/(s ha), t in minutes, P in years."""

    a: float
    c: float
    b: float
    n: float

    @classmethod
    def of(cls, assumptions: Assumptions) -> StormFormula:
        """Read the coefficients (Xinxiang's: none is published for Hebi)."""
        return cls(*(assumptions.number(f"storm.formula.{key}") for key in ("a", "c", "b", "n")))

    def intensity_l_s_ha(self, return_period_years: float, minutes: float) -> float:
        """Return the mean intensity of a storm of the given duration in L/(s ha)."""
        rise = 1.0 + self.c * log10(return_period_years)
        return self.a * rise / float((minutes + self.b) ** self.n)


def full_circle_flow_m3s(diameter_m: float, slope: float, roughness_n: float) -> float:
    """Return the flow of a full circular pipe after Manning, m3/s."""
    area_m2 = pi * diameter_m**2 / 4
    return area_m2 * float((diameter_m / 4) ** (2 / 3)) * sqrt(slope) / roughness_n


def full_box_flow_m3s(width_m: float, height_m: float, slope: float, roughness_n: float) -> float:
    """Return the flow of a full rectangular culvert after Manning, m3/s."""
    area_m2 = width_m * height_m
    radius_m = area_m2 / (2 * (width_m + height_m))
    return area_m2 * float(radius_m ** (2 / 3)) * sqrt(slope) / roughness_n
