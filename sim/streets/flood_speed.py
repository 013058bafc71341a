"""How fast one may drive through water, held as data in ``data/flood_speed.csv``."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from sim.kernel.errors import InputError, did_you_mean

FILE = Path(__file__).resolve().parents[2] / "data" / "flood_speed.csv"

Floats = NDArray[np.float64]

_MM_PER_M = 1000.0
_S_PER_H_AND_M_PER_KM = 3.6


@dataclass(frozen=True)
class FloodSpeed:
    """Highest speed by depth: ``a w**2 + b w + c`` km/h with w in mm; none where impassable.

    Attributes
    ----------
    impassable_depth_m : float
        From this depth on nobody drives.
    tag, source, note : str
        Where the relation comes from and what it was fitted to; shown with every result.
    """

    id: str
    a_km_h_per_mm2: float
    b_km_h_per_mm: float
    c_km_h: float
    impassable_depth_m: float
    tag: str
    source: str
    note: str

    def speed_m_s(self, free_m_s: Floats, depth_m: Floats) -> Floats:
        """Return the speed (any shape) on roads of a free speed, under water of a depth; 0: none.

        The relation is a limit on top of the road's own, so shallow water slows fast roads first;
        a dry road has its own speed only.
        """
        w = np.asarray(depth_m) * _MM_PER_M
        limit = np.maximum(self.a_km_h_per_mm2 * w**2 + self.b_km_h_per_mm * w + self.c_km_h, 0.0)
        speed = np.minimum(free_m_s, limit / _S_PER_H_AND_M_PER_KM)
        speed = np.where(np.asarray(depth_m) > 0.0, speed, free_m_s)
        return np.where(np.asarray(depth_m) < self.impassable_depth_m, speed, 0.0)


@cache
def _relations() -> dict[str, FloodSpeed]:
    with FILE.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    words = {"id", "tag", "source", "note"}
    return {
        row["id"]: FloodSpeed(
            **{name: cell if name in words else float(cell) for name, cell in row.items()}  # type: ignore[arg-type]
        )
        for row in rows
    }


def flood_speed(name: str, where: str = "flood_speed") -> FloodSpeed:
    """Return a relation by its id.

    Raises
    ------
    InputError
        There is none of that name.
    """
    found = _relations()
    if name not in found:
        raise InputError(
            "no such relation of speed and depth", where=where, value=name,
            expected=f"one of {', '.join(sorted(found))}", hint=did_you_mean(name, tuple(found)),
        )  # fmt: skip
    return found[name]
