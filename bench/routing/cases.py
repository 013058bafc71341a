"""Instances of each family with the best values known, from the folder CITYCLOCK_BENCH names."""

from __future__ import annotations

import csv
import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from bench.routing.city import city
from optimize.routing.formats.cevrp import read_cevrp
from optimize.routing.formats.evrptw import read_evrptw
from optimize.routing.formats.vrplib import read_vrplib
from optimize.routing.formats.waste import read_waste
from optimize.routing.problem import Problem


@dataclass(frozen=True)
class Case:
    """An instance; ``trucks`` and ``cost`` are the best known, NaN where none is."""

    family: str
    name: str
    open: Callable[[], Problem]
    trucks: float = math.nan
    cost: float = math.nan
    proven: bool = False


FAMILIES = {
    "cevrp": "capacitated electric routing, distance (WCCI 2020)",
    "evrptw-small-full": "electric, windows, 5 to 15 stops, full recharging",
    "evrptw-small-partial": "electric, windows, 5 to 15 stops, partial recharging",
    "evrptw-100-full": "electric, windows, 100 stops, full recharging",
    "evrptw-100-partial": "electric, windows, 100 stops, partial recharging",
    "mtvrptw": "several trips, windows, release times",
    "waste": "waste collection with disposal trips and lunch (Kim et al. 2006)",
    "city": "a synthetic city: 2,000 stops, 100 electric trucks, 3 sites, 24 guns",
}


def _table(file: Path) -> list[dict[str, str]]:
    with file.open(encoding="utf-8", newline="") as lines:
        return list(csv.DictReader(lines))


def cases(folder: Path, family: str) -> Iterator[Case]:
    """Yield the cases of a family in the order of their names."""
    if family == "cevrp":
        for row in _table(folder / "cevrp" / "bks.csv"):
            file = folder / "cevrp" / f"{row['instance']}.evrp"
            best = float(row["best_known"])
            proven = row["proven_optimal"] == "y"
            yield Case(family, file.stem, _reader(read_cevrp, file), cost=best, proven=proven)
    elif family.startswith("evrptw"):
        _, size, variant = family.split("-")
        for row in _table(folder / "evrptw" / "bks.csv"):
            small = not row["instance"].endswith("_21")
            file = folder / "evrptw" / f"{row['instance']}.txt"
            if row["variant"] != variant or small != (size == "small") or not file.exists():
                continue
            yield Case(
                family, file.stem, _electric(file, variant),
                float(row["vehicles"]), float(row["distance"]), row["proven_optimal"] == "y",
            )  # fmt: skip
    elif family == "mtvrptw":
        for row in _table(folder / "mtvrptw" / "bks.csv"):
            file = folder / "mtvrptw" / f"{row['instance']}.vrp"
            best = float(row["best_known_distance"])
            yield Case(family, file.stem, lambda f=file: read_vrplib(f, "dimacs"), cost=best)
    elif family == "waste":
        for row in _table(folder / "waste_kim" / "bks.csv"):
            file = folder / "waste_kim" / f"{row['instance']}.txt"
            trucks, miles = float(row["vehicles"]), float(row["distance_miles"])
            yield Case(family, file.stem, _reader(read_waste, file), trucks, miles)
    elif family == "city":
        yield Case(family, "city-2000", lambda: city(1, stops=2000, trucks=100))
        yield Case(family, "city-200", lambda: city(1, stops=200, trucks=10))


def _reader(read: Callable[[Path], Problem], file: Path) -> Callable[[], Problem]:
    return lambda: read(file)


def _electric(file: Path, variant: str) -> Callable[[], Problem]:
    return lambda: read_evrptw(file, recharge="full" if variant == "full" else "partial")
