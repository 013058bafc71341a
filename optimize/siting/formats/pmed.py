"""OR-Library's uncapacitated p-median files: a graph whose vertices are zones and sites.

The first line holds the number of vertices, edges and sites to open; each further line an edge and
its length. Of an edge given twice the last length counts (Beasley 1985).
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
from scipy.sparse import csr_matrix
from scipy.sparse.csgraph import shortest_path

from optimize.siting.formats.numbers import numbers
from optimize.siting.problem import Area, PMedian
from sim.kernel.errors import InputError


def read_pmed(path: Path) -> PMedian:
    """Return the problem of a file, every vertex of weight 1.

    Raises
    ------
    InputError
        With the file, if it is not of this format.
    """
    values = numbers(path)
    if len(values) < 3 or len(values) != 3 + 3 * int(values[1]):
        raise InputError(
            "not a p-median file", where="", file=path, value=len(values),
            expected="vertices, edges, sites, then three numbers for each edge",
        )  # fmt: skip
    vertices, count = int(values[0]), int(values[2])
    edges = values[3:].reshape(-1, 3)
    ends = edges[:, :2].astype(int) - 1
    if len(ends) and not (ends.min() >= 0 and ends.max() < vertices):
        raise InputError("an edge to a vertex there is none of", where="edges", file=path)
    length: dict[tuple[int, int], float] = {}
    for (a, b), far in zip(ends, edges[:, 2], strict=True):
        length[min(a, b), max(a, b)] = far
    rows = np.array([key[0] for key in length], int)
    columns = np.array([key[1] for key in length], int)
    graph = csr_matrix((list(length.values()), (rows, columns)), shape=(vertices, vertices))
    distance = shortest_path(graph, method="D", directed=False)
    names = tuple(str(k + 1) for k in range(vertices))
    return PMedian(Area(names, names, np.ones(vertices), distance), count)
