"""SWMM's unit systems: factors that turn a file's numbers into SI.

FLOW_UNITS decides everything: CFS, GPM and MGD mean US customary units, CMS, LPS and MLD mean
metric ones (SWMM 5.2 user's manual, appendix A). Factors are exact definitions, where SWMM itself
rounds to five digits (0.02832 m3 per cubic foot, 0.01 % high).
"""

from __future__ import annotations

from dataclasses import dataclass

FOOT_M = 0.3048
INCH_MM = 25.4
_ACRE_HA = 43560 * FOOT_M**2 / 1e4
_GALLON_M3 = 231 * 0.0254**3
_DAY_S = 86400.0

_FLOW_M3S = {
    "CFS": FOOT_M**3,
    "GPM": _GALLON_M3 / 60,
    "MGD": 1e6 * _GALLON_M3 / _DAY_S,
    "CMS": 1.0,
    "LPS": 1e-3,
    "MLD": 1e3 / _DAY_S,
}
FLOW_UNITS = tuple(_FLOW_M3S)


@dataclass(frozen=True)
class Units:
    """Multiply a number of the file by these to get SI."""

    flow_units: str
    metric: bool
    length_m: float
    flow_m3s: float
    rain_mm: float
    area_ha: float

    @property
    def area_m2(self) -> float:
        return self.length_m**2

    @property
    def volume_m3(self) -> float:
        return self.length_m**3

    @property
    def weir(self) -> float:
        """Weir coefficients have the dimension length^0.5 / time."""
        return self.length_m**0.5


def units_for(flow_units: str) -> Units:
    """Return the factors of one of `FLOW_UNITS`."""
    metric = flow_units in ("CMS", "LPS", "MLD")
    return Units(
        flow_units=flow_units,
        metric=metric,
        length_m=1.0 if metric else FOOT_M,
        flow_m3s=_FLOW_M3S[flow_units],
        rain_mm=1.0 if metric else INCH_MM,
        area_ha=1.0 if metric else _ACRE_HA,
    )
