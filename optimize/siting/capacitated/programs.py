"""Capacitated location and transport as programs from sparse arrays."""

from __future__ import annotations

import numpy as np
from scipy.sparse import coo_matrix

from optimize.siting.highs import Program
from optimize.siting.problem import Floats, Ints


def location(
    cost: Floats, demand: Floats, opening: Floats, capacity: Floats, forced: Floats, *,
    single: bool, links: bool = True,
) -> tuple[Program, Ints, Ints]:  # fmt: skip
    """Choose sites and shares of zones; with ``links`` no share exceeds what its site is open.

    Parameters
    ----------
    cost : (Z, S) array
        Infinite where a site cannot serve a zone.
    forced : (S,) array
        1 for a site that is open.

    Returns
    -------
    program, zone, site
        Variables: the S sites, then one share for each pair (``zone``, ``site``).
    """
    zones, sites = cost.shape
    zone, site = np.nonzero(np.isfinite(cost) & ((demand[:, None] <= capacity) | (not single)))
    pairs = len(zone)
    share = sites + np.arange(pairs)
    room = zones + np.arange(sites)
    rows = [zone, zones + site, room]
    columns = [share, share, np.arange(sites)]
    values = [np.ones(pairs), demand[zone], -capacity]
    height = zones + sites
    lower, upper = [np.ones(zones), np.full(sites, -np.inf)], [np.ones(zones), np.zeros(sites)]
    if links:
        link = height + np.arange(pairs)
        rows += [link, link]
        columns += [share, site]
        values += [np.ones(pairs), -np.ones(pairs)]
        lower.append(np.full(pairs, -np.inf))
        upper.append(np.zeros(pairs))
        height += pairs
    # Together enough room: implied, but it lets HiGHS cut.
    rows.append(np.full(sites, height))
    columns.append(np.arange(sites))
    values.append(capacity)
    lower.append(np.array([demand.sum()]))
    upper.append(np.array([np.inf]))
    width = sites + pairs
    matrix = coo_matrix(
        (np.concatenate(values), (np.concatenate(rows), np.concatenate(columns))),
        shape=(height + 1, width),
    )
    program = Program(
        cost=np.concatenate([opening, cost[zone, site]]),
        rows=matrix.tocsr(),
        row_lower=np.concatenate(lower),
        row_upper=np.concatenate(upper),
        lower=np.concatenate([forced, np.zeros(pairs)]),
        upper=np.ones(width),
        whole=(np.arange(width) < sites) | single,
    )
    return program, zone, site


def transport(
    cost: Floats, demand: Floats, capacity: Floats, *, single: bool
) -> tuple[Program, Ints, Ints]:
    """Serve every zone from open sites, (Z, S) costs: a linear program if demand may be split."""
    sites = cost.shape[1]
    return location(
        cost, demand, np.zeros(sites), capacity, np.ones(sites), single=single, links=False
    )
