"""VRPLIB files: capacitated routing, with time windows, release times and several trips.

Distances follow the convention of the set a file belongs to, which the file does not say:

- ``"nearest"``: to the nearest whole number, as for CVRPLIB's capacitated sets (TSPLIB 95).
- ``"dimacs"``: cut after the first decimal, as in the 12th DIMACS Implementation Challenge, for
  sets with time windows. Everything in units of length or time is then stored times ten, so that
  all sums are exact whole numbers: a distance of 15006 is 1500.6.
- ``"none"``: double precision.

Driving time equals distance. With several trips the files speak of goods that are loaded at the
depot for the next trip and delivered; here loads are taken on at stops and emptied at a site at
the depot. A trip may carry the same set of stops either way, because in both its fullest moment
holds the sum of its demands (on leaving the depot there, on coming back here), and a trip begins
at the same moments: at the start and on leaving the depot again. The last trip ends at the depot,
where nobody asks for it to be emptied. Release times hold for the trip that serves the stop.
"""

from __future__ import annotations

import math
from pathlib import Path
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from optimize.routing.formats.lines import Floats, euclidean, number, whole
from optimize.routing.formats.sections import Sections, one_depot, read_sections
from optimize.routing.problem import ALWAYS, Problem, Site, Stop, Travel, TruckType
from sim.kernel.errors import InputError

Ints = NDArray[np.int64]
Rounding = Literal["nearest", "dimacs", "none"]

_SPECS = (
    "NAME", "COMMENT", "TYPE", "DIMENSION", "VEHICLES", "CAPACITY", "SERVICE_TIME", "DISTANCE",
    "EDGE_WEIGHT_TYPE", "EDGE_WEIGHT_FORMAT", "NODE_COORD_TYPE", "DISPLAY_DATA_TYPE",
)  # fmt: skip
_TABLES = (
    "NODE_COORD_SECTION", "DEMAND_SECTION", "TIME_WINDOW_SECTION", "SERVICE_TIME_SECTION",
    "RELEASE_TIME_SECTION", "VEHICLES_RELOAD_DEPOT_SECTION", "DEPOT_SECTION",
    "EDGE_WEIGHT_SECTION",
)  # fmt: skip
_TYPES = ("CVRP", "DCVRP", "VRPTW", "MTVRPTWR", "MTVRPTW")


def read_vrplib(
    file: Path,
    rounding: Rounding = "nearest",
    objective: Literal["cost", "trucks_then_cost"] = "cost",
) -> Problem:
    """Read an instance; places are nodes 1 to n.

    ``VEHICLES`` is the most there are; without it as many as wanted. ``DISTANCE`` limits a
    route's length with all service times counted in, as in the sets that use it.

    Raises
    ------
    InputError
        Naming the file, the line, the value and what was expected.
    """
    sections = read_sections(file)
    sections.check_known(_SPECS, _TABLES)
    kind, where = sections.spec("TYPE")
    if kind not in _TYPES:
        raise InputError(
            "no such problem", where=where, value=kind, expected=f"one of {', '.join(_TYPES)}",
            file=file,
        )  # fmt: skip
    count = sections.size("DIMENSION", least=2)
    depot = one_depot(sections, count)
    scale = 10.0 if rounding == "dimacs" else 1.0
    xy, distance = _distances(sections, count, rounding)
    demand = sections.by_node("DEMAND_SECTION", count, 1, least=0.0)[:, 0]
    if demand[depot] != 0.0:
        raise InputError(
            "the depot has a demand", where="DEMAND_SECTION", value=float(demand[depot]), file=file,
            expected="0",
        )  # fmt: skip
    windows = _windows(sections, count, scale)
    service = _service(sections, count, depot) * scale
    release = np.zeros(count)
    if "RELEASE_TIME_SECTION" in sections.tables:
        release = sections.by_node("RELEASE_TIME_SECTION", count, 1, least=0.0)[:, 0] * scale
    vehicles = sections.size("VEHICLES") if "VEHICLES" in sections.specs else None
    names = tuple(str(node) for node in range(1, count + 1))
    truck = TruckType(
        id="truck",
        capacity=(sections.amount("CAPACITY"),),
        start=depot,
        end=depot,
        count=vehicles,
        shift_s=windows[depot][0],
        most_duration_s=(
            sections.amount("DISTANCE") * scale if "DISTANCE" in sections.specs else math.inf
        ),
    )
    sites: tuple[Site, ...] = ()
    if _reloads(sections, depot, vehicles):
        sites = (Site(f"reload {names[depot]}", depot, (True,)),)
    return Problem(
        name=file.stem,
        travel=Travel(names, xy, distance, np.array(distance)),
        dimensions=("load",),
        stops=tuple(
            Stop(
                names[i], i, (float(demand[i]),), service_s=float(service[i]),
                windows=windows[i], release_s=float(release[i]),
            )
            for i in range(count)
            if i != depot
        ),
        trucks=(truck,),
        sites=sites,
        objective=objective,
    )  # fmt: skip


def rounded(distance: Floats, rounding: Rounding) -> Floats:
    """Return distances by a convention; ``"dimacs"`` in tenths."""
    if rounding == "nearest":
        return np.floor(distance + 0.5)
    return np.floor(10.0 * distance) if rounding == "dimacs" else distance


def _distances(sections: Sections, count: int, rounding: Rounding) -> tuple[Floats, Floats]:
    kind, where = sections.spec("EDGE_WEIGHT_TYPE")
    xy = np.full((count, 2), np.nan)
    if "NODE_COORD_SECTION" in sections.tables:
        xy = sections.by_node("NODE_COORD_SECTION", count, 2)
    if kind == "EUC_2D":
        if "NODE_COORD_SECTION" not in sections.tables:
            sections.table("NODE_COORD_SECTION")
        return xy, rounded(euclidean(xy), rounding)
    if kind == "EXPLICIT":
        matrix = _explicit(sections, count)
        # Given lengths are used as they are; only the unit follows the convention.
        return xy, np.floor(10.0 * matrix) if rounding == "dimacs" else matrix
    raise InputError(
        "no such distance", where=where, value=kind, expected="EUC_2D or EXPLICIT",
        file=sections.file,
    )  # fmt: skip


def _explicit(sections: Sections, count: int) -> Floats:
    form, where = sections.spec("EDGE_WEIGHT_FORMAT")
    cells: dict[str, tuple[Ints, Ints]] = {
        "FULL_MATRIX": (np.repeat(np.arange(count), count), np.tile(np.arange(count), count)),
        "LOWER_ROW": np.tril_indices(count, -1),
        "LOWER_DIAG_ROW": np.tril_indices(count),
        "UPPER_ROW": np.triu_indices(count, 1),
        "UPPER_DIAG_ROW": np.triu_indices(count),
    }
    if form not in cells:
        raise InputError(
            "no such form of matrix", where=where, value=form,
            expected=f"one of {', '.join(cells)}", file=sections.file,
        )  # fmt: skip
    row, column = cells[form]
    values = [
        number(word, sections.file, f"line {line.number}, EDGE_WEIGHT_SECTION", least=0.0)
        for line in sections.table("EDGE_WEIGHT_SECTION")
        for word in line.words
    ]
    if len(values) != row.size:
        raise InputError(
            "not as many numbers as the matrix has cells", where="EDGE_WEIGHT_SECTION",
            value=len(values), expected=f"{row.size} numbers", file=sections.file,
        )  # fmt: skip
    matrix = np.zeros((count, count))
    matrix[row, column] = values
    if form != "FULL_MATRIX":
        matrix[column, row] = values
    return matrix


def _windows(sections: Sections, count: int, scale: float) -> list[tuple[tuple[float, float], ...]]:
    if "TIME_WINDOW_SECTION" not in sections.tables:
        return [ALWAYS] * count
    windows = sections.by_node("TIME_WINDOW_SECTION", count, 2, least=0.0) * scale
    for line in sections.table("TIME_WINDOW_SECTION"):
        early, late = windows[int(line.words[0]) - 1]
        if late < early:
            raise InputError(
                "the window ends before it begins", file=sections.file,
                where=f"line {line.number}, TIME_WINDOW_SECTION", value=" ".join(line.words[1:]),
            )  # fmt: skip
    return [((float(early), float(late)),) for early, late in windows]


def _service(sections: Sections, count: int, depot: int) -> Floats:
    """Return the service times: none at the depot."""
    if "SERVICE_TIME_SECTION" in sections.tables:
        service = sections.by_node("SERVICE_TIME_SECTION", count, 1, least=0.0)[:, 0]
        if service[depot] != 0.0:
            raise InputError(
                "the depot has a service time", where="SERVICE_TIME_SECTION", file=sections.file,
                value=float(service[depot]), expected="0",
            )  # fmt: skip
        return service
    service = np.zeros(count)
    if "SERVICE_TIME" in sections.specs:
        service[:] = sections.amount("SERVICE_TIME", above=-1e-300)
        service[depot] = 0.0
    return service


def _reloads(sections: Sections, depot: int, vehicles: int | None) -> bool:
    """Return whether trucks may come back to the depot for another trip: all of them, or none."""
    name = "VEHICLES_RELOAD_DEPOT_SECTION"
    if name not in sections.tables:
        return False
    met = set()
    for line in sections.table(name):
        where = f"line {line.number}, {name}"
        if len(line.words) != 2 or line.words[1] != str(depot + 1):
            raise InputError(
                "not a vehicle and the depot", where=where, value=" ".join(line.words),
                expected=f"a vehicle and {depot + 1}", file=sections.file,
            )  # fmt: skip
        vehicle = whole(line.words[0], sections.file, where, least=1)
        if vehicle in met or vehicles is None or vehicle > vehicles:
            raise InputError(
                "no such vehicle, or one named twice", where=where, value=vehicle,
                expected=f"1 to {vehicles or 'VEHICLES'}, each once", file=sections.file,
            )  # fmt: skip
        met.add(vehicle)
    if len(met) != vehicles:
        raise InputError(
            "some vehicles may reload and others not", where=name, value=len(met),
            expected=f"{vehicles} rows", file=sections.file,
        )  # fmt: skip
    return True
