"""Who covers whom, reduced to what can still matter.

Zones that existing sites cover are covered; zones that the same sites cover are one zone with the
sum of their weights; a site whose zones are all another's, at no less cost, is not needed.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix

from optimize.siting.problem import Area, Floats, Ints


@dataclass(frozen=True, eq=False)
class Cover:
    """A covering instance over the sites that are still to be decided.

    Attributes
    ----------
    ids : (S,) array of int
        Of the sites here, into the area's.
    weights : (Z,) array
        Of the zones here: whole groups.
    by_zone, by_site : csr_matrix
        Zones by sites and sites by zones, 1 where covered.
    covered : float
        Weight that existing sites cover.
    coverable : float
        Weight that all allowed sites together cover, existing ones included.
    spare : (R,) array of int
        Allowed sites that were left out as not needed, into the area's.
    whole : bool
        Whether all weights are whole numbers.
    """

    ids: Ints
    weights: Floats
    by_zone: csr_matrix
    by_site: csr_matrix
    covered: float
    coverable: float
    spare: Ints
    whole: bool

    @property
    def unit(self) -> float:
        """What values are whole multiples of; 0 if unknown."""
        return 1.0 if self.whole else 0.0

    def chosen(self, sites: Ints, area: Area) -> Ints:
        """Return indices into the area's of what is open: existing ones and sites here."""
        return np.unique(np.concatenate([area.kept, self.ids[sites]]))


def build(
    area: Area, radius: float, costs: Floats | None = None, *, everyone: bool = False
) -> Cover:
    """Return the reduced instance of an area and a radius.

    Parameters
    ----------
    costs : (S,) array, optional
        Of the area's sites, if they differ.
    everyone : bool
        Whether zones without weight are to be covered as well.
    """
    reached = area.distance <= radius
    counts = area.weights > 0.0
    there = reached[:, area.kept].any(axis=1)
    open_to = np.setdiff1d(area.allowed, area.kept)
    within = reached if len(open_to) == reached.shape[1] else reached[:, open_to]
    left = ~there if everyone else ~there & counts
    rows = csr_matrix(within if left.all() else within[left])
    weights = np.ones(int(left.sum())) if everyone else area.weights[left]
    some = np.diff(rows.indptr) > 0
    rows, weights = merged(rows[some] if not some.all() else rows, weights[some])
    needed = _undominated(rows, None if costs is None else costs[open_to])
    if not needed.all():
        rows = rows[:, np.flatnonzero(needed)]
        rows, weights = merged(rows, weights)
    rows = csr_matrix(rows, dtype=float)
    rows.sort_indices()
    by_site = csr_matrix(rows.T)
    by_site.sort_indices()
    covered = float(area.weights[there].sum())
    return Cover(
        ids=open_to[needed],
        weights=weights,
        by_zone=rows,
        by_site=by_site,
        covered=covered,
        coverable=covered + float(0.0 if everyone else weights.sum()),
        spare=open_to[~needed],
        whole=bool((area.weights == np.floor(area.weights)).all()),
    )


def merged(rows: csr_matrix, weights: Floats) -> tuple[csr_matrix, Floats]:
    """Join the zones that the same sites cover."""
    rows.sort_indices()
    starts, indices = rows.indptr, rows.indices
    keys = [indices[a:b].tobytes() for a, b in zip(starts[:-1], starts[1:], strict=True)]
    number: dict[bytes, int] = {}
    group = np.array([number.setdefault(key, len(number)) for key in keys], np.int64)
    if len(number) == len(keys):
        return rows, weights
    first = np.unique(group, return_index=True)[1]
    sums: Floats = np.bincount(group, weights, minlength=len(number)).astype(float)
    return rows[first], sums


def _undominated(rows: csr_matrix, costs: Floats | None) -> NDArray[np.bool_]:
    """Mask of sites that no other, as cheap or cheaper, stands in for."""
    sites = rows.shape[1]
    one = csr_matrix(rows, dtype=np.int32)
    common = csr_matrix(one.T @ one)
    size = common.diagonal()
    needed = size > 0
    rank = np.zeros(sites) if costs is None else costs
    table = common.tocoo()
    a, b, shared = table.row, table.col, table.data
    inside = (a != b) & (shared == size[a]) & (rank[a] >= rank[b])
    for less, more in zip(a[inside], b[inside], strict=True):
        same = size[less] == size[more] and rank[less] == rank[more]
        if not same or less > more:  # of equals, the first stays
            needed[less] = False
    return needed
