"""Tables that tell what any swap of an open for a closed site is worth in maximal cover.

By closed site what opening it would gain; by open site what closing it would lose; by pair what
both cover and no other open site does, which a swap keeps. Opening or closing a site touches only
the zones it covers, and only those whose count goes from 0 to 1 or from 1 to 2.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix

from optimize.siting.covering.instance import Cover
from optimize.siting.problem import Floats
from sim.kernel.compiled import compiled

Short = NDArray[np.int32]


@dataclass(frozen=True, eq=False)
class Tables:
    """The instance as the compiled search wants it; neighbours are sites with a common zone."""

    zone_start: Short
    zone_site: Short
    site_start: Short
    site_zone: Short
    near_start: Short
    near_site: Short
    weights: Floats

    @property
    def covers(self) -> tuple[Short, Short, Short, Short, Floats]:
        """Who covers whom, both ways, and the weights."""
        return self.zone_start, self.zone_site, self.site_start, self.site_zone, self.weights


def tables(cover: Cover) -> Tables:
    """Return the tables of an instance."""
    one = csr_matrix(cover.by_zone, dtype=np.int32)
    near = csr_matrix(one.T @ one)
    near.setdiag(0)
    near.eliminate_zeros()
    near.sort_indices()
    by_zone, by_site = cover.by_zone, cover.by_site
    return Tables(
        zone_start=by_zone.indptr.astype(np.int32),
        zone_site=by_zone.indices.astype(np.int32),
        site_start=by_site.indptr.astype(np.int32),
        site_zone=by_site.indices.astype(np.int32),
        near_start=near.indptr.astype(np.int32),
        near_site=near.indices.astype(np.int32),
        weights=cover.weights,
    )


@compiled
def random_number(state):  # type: ignore[no-untyped-def]
    """Next number below 2**31 of a multiplicative generator (Park and Miller 1988)."""
    state[0] = (state[0] * 48271) % 2147483647
    return state[0]


@compiled
def open_site(site, slot, t, times, sole, gain, loss, both):  # type: ignore[no-untyped-def]
    zone_start, zone_site, site_start, site_zone, weights = t
    for a in range(site_start[site], site_start[site + 1]):
        zone = site_zone[a]
        weight = weights[zone]
        if times[zone] == 0:
            loss[slot] += weight
            for b in range(zone_start[zone], zone_start[zone + 1]):
                gain[zone_site[b]] -= weight
                both[slot, zone_site[b]] += weight
        elif times[zone] == 1:
            owner = sole[zone]
            loss[owner] -= weight
            for b in range(zone_start[zone], zone_start[zone + 1]):
                both[owner, zone_site[b]] -= weight
        times[zone] += 1
        sole[zone] += slot  # the sum of the slots that cover it: of one, that one


@compiled
def close_site(site, slot, t, times, sole, gain, loss, both):  # type: ignore[no-untyped-def]
    zone_start, zone_site, site_start, site_zone, weights = t
    for a in range(site_start[site], site_start[site + 1]):
        zone = site_zone[a]
        weight = weights[zone]
        times[zone] -= 1
        sole[zone] -= slot
        if times[zone] == 0:
            loss[slot] -= weight
            for b in range(zone_start[zone], zone_start[zone + 1]):
                gain[zone_site[b]] += weight
                both[slot, zone_site[b]] -= weight
        elif times[zone] == 1:
            owner = sole[zone]
            loss[owner] += weight
            for b in range(zone_start[zone], zone_start[zone + 1]):
                both[owner, zone_site[b]] += weight


@compiled
def opened(t, chosen):  # type: ignore[no-untyped-def]
    """Return the search's tables for the open sites, and what they cover."""
    zone_start, zone_site, site_start, site_zone, weights = t
    sites, p = len(site_start) - 1, len(chosen)
    times, sole = np.zeros(len(weights), np.int32), np.zeros(len(weights), np.int64)
    gain, loss, both = np.zeros(sites), np.zeros(p), np.zeros((p, sites))
    slot_of = np.full(sites, -1, np.int64)
    for zone in range(len(weights)):
        for b in range(zone_start[zone], zone_start[zone + 1]):
            gain[zone_site[b]] += weights[zone]
    now = 0.0
    for slot in range(p):
        now += gain[chosen[slot]]
        open_site(chosen[slot], slot, t, times, sole, gain, loss, both)
        slot_of[chosen[slot]] = slot
    return times, sole, gain, loss, both, slot_of, now
