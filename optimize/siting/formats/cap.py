"""OR-Library's capacitated warehouse files: sites with capacity and cost, customers with costs.

The number of sites and of customers; for each site its capacity and fixed cost; for each customer
its demand and the cost of serving all of it from each site. In the large files the capacity is the
word "capacity", for which a number is given by who reads them (Beasley 1988).
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from optimize.siting.formats.numbers import numbers
from optimize.siting.problem import Area, Capacitated
from sim.kernel.errors import InputError


def read_cap(path: Path, capacity: float | None = None, *, single: bool = False) -> Capacitated:
    """Return the problem of a file.

    Parameters
    ----------
    capacity
        Of every site, in place of the file's.

    Raises
    ------
    InputError
        With the file, if it is not of this format or leaves the capacity to the reader.
    """
    open_ended = "capacity" in path.read_text(encoding="utf-8")
    if open_ended and capacity is None:
        raise InputError("the file leaves the capacity open", where="capacity", file=path)
    values = numbers(path, skip=frozenset({"capacity"}))
    wide = 1 if open_ended else 2
    sites, zones = (int(value) for value in values[:2]) if len(values) >= 2 else (0, 0)
    if not sites or len(values) != 2 + wide * sites + zones * (sites + 1):
        raise InputError(
            "not a capacitated warehouse file", where="", file=path, value=len(values),
            expected="sites, customers, each site's figures, each customer's demand and costs",
        )  # fmt: skip
    head = values[2 : 2 + wide * sites].reshape(sites, wide)
    table = values[2 + wide * sites :].reshape(zones, sites + 1)
    room = np.full(sites, capacity) if capacity is not None else head[:, 0]
    area = Area(
        tuple(f"customer {k + 1}" for k in range(zones)),
        tuple(f"site {k + 1}" for k in range(sites)),
        table[:, 0], np.zeros((zones, sites)),
    )  # fmt: skip
    return Capacitated(area, head[:, -1], room, serving=table[:, 1:], single=single)
