"""Storm-intensity formulas of Chinese cities, held as data in ``data/storm_formulas.csv``."""

from __future__ import annotations

import csv
import math
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Literal

from sim.kernel.errors import InputError

FORMULAS_FILE = Path(__file__).resolve().parents[2] / "data" / "storm_formulas.csv"

# 1 L/s/ha = 1e-3 m3/s over 1e4 m2 = 1e-7 m/s = 0.36 mm/h; 1 mm/min = 60 mm/h.
_MM_H = {"L/s/ha": 0.36, "mm/min": 60.0}


@dataclass(frozen=True)
class Formula:
    """Mean intensity over a duration ``t`` (min) at a return period ``P`` (years).

    ``form`` "lg": ``a (1 + c lg P) / (t + b)**n`` with ``a = 167 A1``; "power":
    ``a P**c / (t + b)**n``. The result is in ``unit``. Bounds on P are None where the source
    states none. ``used_for`` names the cities it serves; `note` must be shown with every result.
    """

    id: str
    city_en: str
    city_zh: str
    form: Literal["lg", "power"]
    a: float
    c: float
    b_min: float
    n: float
    unit: str
    min_return_period_years: float | None
    max_return_period_years: float | None
    used_for: tuple[str, ...]
    version: str
    year: int | None
    tag: str
    source: str
    note: str

    def check(self, return_period_years: float, where: str = "return_period_years") -> None:
        """Refuse a return period the formula does not hold for.

        Raises
        ------
        InputError
        """
        low, high = self.min_return_period_years, self.max_return_period_years
        p = return_period_years
        outside = (low is not None and p < low) or (high is not None and p > high)
        if not outside and math.isfinite(p) and p > 0.0 and self._frequency(p) > 0.0:
            return
        bounds = [f"at least {low:g}"] if low is not None else []
        bounds += [f"at most {high:g}"] if high is not None else []
        raise InputError(
            f"the storm formula of {self.city_en} does not hold for this return period",
            where=where, value=return_period_years,
            expected=(" and ".join(bounds) or "a positive intensity") + " years",
            hint=self.note,
        )  # fmt: skip

    def _frequency(self, return_period_years: float) -> float:
        if self.form == "lg":
            return 1.0 + self.c * math.log10(return_period_years)
        return float(return_period_years**self.c)

    def intensity_mm_h(self, duration_min: float, return_period_years: float) -> float:
        """Mean intensity in mm/h of the heaviest `duration_min` minutes."""
        self.check(return_period_years)
        rate = self.a * self._frequency(return_period_years) * _MM_H[self.unit]
        return float(rate / (duration_min + self.b_min) ** self.n)

    def depth_mm(self, duration_min: float, return_period_years: float) -> float:
        """Depth of the heaviest `duration_min` minutes; 0 for a duration of 0."""
        if duration_min <= 0.0:
            return 0.0
        return self.intensity_mm_h(duration_min, return_period_years) * duration_min / 60.0


@cache
def _read(path: Path) -> Mapping[str, Formula]:
    with path.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    return {row["id"]: _formula(row, f"line {line}", path) for line, row in enumerate(rows, 2)}


def _formula(row: Mapping[str, str], where: str, path: Path) -> Formula:
    def number(column: str) -> float:
        try:
            value = float(row[column])
        except ValueError:
            value = math.nan
        if not math.isfinite(value):
            raise InputError("not a number", where=f"{where}, {column}", value=row[column],
                             file=path)  # fmt: skip
        return value

    def optional(column: str) -> float | None:
        return number(column) if row[column] else None

    form: Literal["lg", "power"]
    if row["form"] == "lg":
        form = "lg"
    elif row["form"] == "power":
        form = "power"
    else:
        raise InputError("unknown form", where=f"{where}, form", value=row["form"],
                         expected="lg or power", file=path)  # fmt: skip
    if row["unit"] not in _MM_H:
        raise InputError("unknown unit", where=f"{where}, unit", value=row["unit"],
                         expected=" or ".join(_MM_H), file=path)  # fmt: skip
    return Formula(
        id=row["id"], city_en=row["city_en"], city_zh=row["city_zh"], form=form,
        a=number("a"), c=number("c"), b_min=number("b_min"), n=number("n"), unit=row["unit"],
        min_return_period_years=optional("min_return_period_years"),
        max_return_period_years=optional("max_return_period_years"),
        used_for=tuple(row["used_for"].split(";")), version=row["version"],
        year=int(row["year"]) if row["year"] else None, tag=row["tag"], source=row["source"],
        note=row["note"],
    )  # fmt: skip


def formulas(path: Path = FORMULAS_FILE) -> Mapping[str, Formula]:
    """Every formula in the file, by id.

    Raises
    ------
    InputError
        If a row is malformed.
    """
    return _read(path)


def formula(name: str, path: Path = FORMULAS_FILE) -> Formula:
    """The formula with id `name`, or the one that serves the city of that (English) name.

    Raises
    ------
    InputError
        If there is none.
    """
    known = formulas(path)
    if name in known:
        return known[name]
    for candidate in known.values():
        if name.casefold() in (city.casefold() for city in candidate.used_for):
            return candidate
    cities = sorted({city for candidate in known.values() for city in candidate.used_for})
    raise InputError("no such storm formula", where="formula", value=name,
                     expected=f"one of {', '.join(sorted(known))}, or a city among "
                              f"{', '.join(cities)}", file=path)  # fmt: skip
