"""Text files of maximal cover: facilities and customers on a plane, or one list for both.

``n m`` and then lines ``F id x y cost`` and ``C id x y weight``, or ``n ...`` and then ``n`` lines
``x y weight`` of points that are both.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from optimize.siting.problem import Area, straight_line
from sim.kernel.errors import InputError


def read_mclp(path: Path) -> Area:
    """Return the area of a file; distances are straight lines, as these files are meant.

    Raises
    ------
    InputError
        With the file, if it is of another format.
    """
    lines = [line.split() for line in path.read_text(encoding="utf-8").splitlines()[1:]]
    lines = [words for words in lines if words]
    kinds = {words[0] for words in lines} & {"F", "C"}
    try:
        if kinds:
            sites = np.array([[float(w) for w in words[2:4]] for words in lines if words[0] == "F"])
            rows = np.array([[float(w) for w in words[2:5]] for words in lines if words[0] == "C"])
        else:
            rows = np.array([[float(w) for w in words] for words in lines])
            sites = rows[:, :2]
        zones, weights = rows[:, :2], rows[:, 2]
        distance = straight_line(zones, sites)
    except (ValueError, IndexError) as problem:
        raise InputError(
            f"not a cover file: {problem}", where="", file=path, expected="x, y and weight"
        ) from None
    return Area(
        tuple(f"zone {k}" for k in range(len(zones))),
        tuple(f"site {k}" for k in range(len(sites))), weights, distance,
    )  # fmt: skip
