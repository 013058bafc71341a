"""Greedy and tabu search for maximal cover (Glover 1989): always the best swap that is not tabu.

Sites without a common zone need no pair, so the best of all swaps is found by looking at each open
site's neighbours and at the best gain.
"""

from __future__ import annotations

import numpy as np

from optimize.siting.covering.tables import close_site, open_site, opened, random_number
from sim.kernel.compiled import compiled


@compiled
def search(t, near_start, near_site, chosen, moves, patience, enough, seed):  # type: ignore[no-untyped-def]
    """Make the best swap that is not tabu, ``moves`` times or until nothing helps for long.

    Parameters
    ----------
    chosen : (p,) array of int
        Open sites; holds the best set at the end.
    patience : int
        Moves without a better set after which to end.
    enough : float
        End once so much is covered.
    seed : int
        From 1 to 2**31 - 2.

    Returns
    -------
    float, int
        What the best set covers, and the moves made.
    """
    sites, p = len(near_start) - 1, len(chosen)
    times, sole, gain, loss, both, slot_of, now = opened(t, chosen)
    draw = np.array([seed], np.int64)
    until = np.zeros(sites, np.int64)
    best, kept = now, chosen.copy()
    since = 0
    small = 1e-9 * max(now, 1.0)
    move = 0
    while move < moves and best < enough and since < patience:
        move += 1
        since += 1
        top_gain, top_site = -1.0, -1
        for site in range(sites):
            if slot_of[site] < 0 and until[site] < move and gain[site] > top_gain:
                top_gain, top_site = gain[site], site
        value, leaving, entering, ties = -np.inf, -1, -1, 0
        for slot in range(p):
            site = chosen[slot]
            fresh = until[site] >= move
            if top_site >= 0 and not fresh:
                delta = top_gain - loss[slot] + both[slot, top_site]
                if delta > value + small:
                    value, leaving, entering, ties = delta, slot, top_site, 1
                elif delta > value - small:
                    ties += 1
                    if random_number(draw) % ties == 0:
                        leaving, entering = slot, top_site
            for a in range(near_start[site], near_start[site + 1]):
                other = near_site[a]
                if slot_of[other] >= 0 or other == top_site:
                    continue
                delta = gain[other] - loss[slot] + both[slot, other]
                if delta < value - small:
                    continue
                if (fresh or until[other] >= move) and now + delta <= best + small:
                    continue  # tabu, and not better than all before
                if delta > value + small:
                    value, leaving, entering, ties = delta, slot, other, 1
                else:
                    ties += 1
                    if random_number(draw) % ties == 0:
                        leaving, entering = slot, other
        if leaving < 0:
            break
        closed = chosen[leaving]
        close_site(closed, leaving, t, times, sole, gain, loss, both)
        slot_of[closed] = -1
        open_site(entering, leaving, t, times, sole, gain, loss, both)
        slot_of[entering] = leaving
        chosen[leaving] = entering
        now += value
        until[closed] = move + 5 + random_number(draw) % 10
        until[entering] = move + 2 + random_number(draw) % (p // 8 + 3)
        if now > best + small:
            best, since = now, 0
            kept[:] = chosen
    chosen[:] = kept
    return best, move


@compiled
def greedy(t, chosen, count, allowed):  # type: ignore[no-untyped-def]
    """Add to the open sites, one by one, the allowed one that covers most not covered yet."""
    zone_start, zone_site, site_start, site_zone, weights = t
    sites = len(site_start) - 1
    gain, done = np.zeros(sites), np.zeros(len(weights), np.bool_)
    is_open = np.zeros(sites, np.bool_)
    for zone in range(len(weights)):
        for b in range(zone_start[zone], zone_start[zone + 1]):
            gain[zone_site[b]] += weights[zone]
    found = np.empty(max(count, len(chosen)), np.int64)
    for k in range(len(found)):
        site = -1
        if k < len(chosen):
            site = chosen[k]
        else:
            for other in range(sites):
                if allowed[other] and not is_open[other] and (site < 0 or gain[other] > gain[site]):
                    site = other
        found[k], is_open[site] = site, True
        for a in range(site_start[site], site_start[site + 1]):
            zone = site_zone[a]
            if not done[zone]:
                done[zone] = True
                for b in range(zone_start[zone], zone_start[zone + 1]):
                    gain[zone_site[b]] -= weights[zone]
    return found
