"""Covering as mixed-integer programs: whole sites, and of each zone the part left uncovered."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix, hstack, identity, vstack

from optimize.siting.covering.instance import Cover, merged
from optimize.siting.highs import Program
from optimize.siting.problem import Floats, Ints


def least_uncovered(
    cover: Cover, count: int, state: NDArray[np.int8], most: float = np.inf
) -> tuple[Program, Ints, Ints]:
    """Minimise the uncovered weight with ``count`` sites, given what is open and closed for good.

    Parameters
    ----------
    state : (S,) array
        0 free, 1 open, -1 closed.
    most : float
        Only sets that leave at most this uncovered are of interest.

    Returns
    -------
    program, free, forced
        Its first variables are the free sites. The weight of zones no free site covers is in the
        offset.
    """
    free, forced = np.flatnonzero(state == 0), np.flatnonzero(state == 1)
    open_zone = np.ones(len(cover.weights), bool)
    if len(forced):
        open_zone[np.unique(cover.by_site[forced].indices)] = False
    rows = cover.by_zone[np.flatnonzero(open_zone)][:, free]
    weights = cover.weights[open_zone]
    some = np.diff(rows.indptr) > 0
    lost = float(weights[~some].sum())
    rows, weights = merged(rows[np.flatnonzero(some)], weights[some])
    zones, sites = rows.shape
    together = csr_matrix(np.concatenate([np.ones(sites), np.zeros(zones)])[None])
    matrix = [hstack([rows, identity(zones)]), together]
    lower = [np.ones(zones), np.array([-np.inf])]
    upper = [np.full(zones, np.inf), np.array([float(count - len(forced))])]
    if np.isfinite(most):
        matrix.append(csr_matrix(np.concatenate([np.zeros(sites), weights])[None]))
        lower.append(np.array([-np.inf]))
        upper.append(np.array([most - lost]))
    program = Program(
        cost=np.concatenate([np.zeros(sites), weights]),
        rows=vstack(matrix).tocsr(),
        row_lower=np.concatenate(lower),
        row_upper=np.concatenate(upper),
        lower=np.zeros(sites + zones),
        upper=np.ones(sites + zones),
        whole=np.arange(sites + zones) < sites,
        offset=lost,
    )
    return program, free, forced


def fewest(cover: Cover, costs: Floats, spare: float, at_least: float = 0.0) -> Program:
    """Minimise the cost of sites that leave at most ``spare`` weight uncovered.

    With nothing to spare every zone must be covered, and no variable says what is not.
    ``at_least`` is a bound on the cost known from elsewhere.
    """
    zones, sites = cover.by_zone.shape
    if spare <= 0.0:
        matrix = [cover.by_zone]
        lower, upper = [np.ones(zones)], [np.full(zones, np.inf)]
        width = sites
    else:
        width = sites + zones
        budget = csr_matrix(np.concatenate([np.zeros(sites), cover.weights])[None])
        matrix = [hstack([cover.by_zone, identity(zones)]), budget]
        lower = [np.ones(zones), np.array([-np.inf])]
        upper = [np.full(zones, np.inf), np.array([spare])]
    cost = np.concatenate([costs, np.zeros(width - sites)])
    if at_least > 0.0:
        matrix.append(csr_matrix(cost[None]))
        lower.append(np.array([at_least]))
        upper.append(np.array([np.inf]))
    return Program(
        cost=cost,
        rows=vstack(matrix).tocsr(),
        row_lower=np.concatenate(lower),
        row_upper=np.concatenate(upper),
        lower=np.zeros(width),
        upper=np.ones(width),
        whole=np.arange(width) < sites,
    )
