"""The Lagrangian bound of maximal cover, lowered by subgradient steps, and what it fixes.

Each zone's coverage has a price between 0 and its weight: a site is worth the prices of its zones,
the best sites are opened, and every zone adds what its weight exceeds its price (Galvao and
ReVelle 1996). For given prices the bound holds for any number of sites.
"""

from __future__ import annotations

import numpy as np

from sim.kernel.compiled import compiled

FREE, OPEN, CLOSED = 0, 1, -1


@compiled
def descend(t, state, prices, count, value, iterations, agility):  # type: ignore[no-untyped-def]
    """Lower the bound on what ``count`` sites cover, from the given prices.

    Parameters
    ----------
    t
        `Tables.covers`.
    state : (S,) array
        `FREE`, `OPEN` or `CLOSED`.
    prices : (Z,) array
        Changed to the best found.
    value : float
        What is known to be covered, which steps aim at; the descent ends below it.

    Returns
    -------
    bound, worth, chosen, often, agility
        At the best prices the (S,) worths and the (S,) mask of sites chosen; how often each was
        chosen lately, 0 to 1; the step's length at the end.
    """
    zone_start, zone_site, site_start, site_zone, weights = t
    zones, sites = len(weights), len(state)
    forced, free = 0, 0
    for site in range(sites):
        forced += state[site] == OPEN
        free += state[site] == FREE
    wanted = min(count - forced, free)
    best, best_prices = np.inf, prices.copy()
    best_worth, best_chosen = np.zeros(sites), np.zeros(sites, np.bool_)
    worth, chosen = np.zeros(sites), np.zeros(sites, np.bool_)
    free_worth, direction, often = np.empty(free), np.zeros(zones), np.zeros(sites)
    waited = 0
    for _ in range(iterations):
        bound, at = 0.0, 0
        for zone in range(zones):
            bound += weights[zone] - prices[zone]
        for site in range(sites):
            total = 0.0
            for a in range(site_start[site], site_start[site + 1]):
                total += prices[site_zone[a]]
            worth[site] = total
            chosen[site] = state[site] == OPEN
            if chosen[site]:
                bound += total
            elif state[site] == FREE:
                free_worth[at] = -total
                at += 1
        if wanted > 0:
            limit = -np.partition(free_worth, wanted - 1)[wanted - 1]
            taken = 0
            for site in range(sites):
                if state[site] == FREE and worth[site] > limit:
                    chosen[site] = True
                    bound += worth[site]
                    taken += 1
            for site in range(sites):
                if taken == wanted:
                    break
                if state[site] == FREE and worth[site] == limit:
                    chosen[site] = True
                    bound += worth[site]
                    taken += 1
        for site in range(sites):
            often[site] += 0.05 * (chosen[site] - often[site])
        if bound < best:
            if bound < best - 1e-6 * abs(best):
                waited = 0
            best = bound
            best_prices[:] = prices
            best_worth[:] = worth
            best_chosen[:] = chosen
            if best < value:
                break
        waited += 1
        if waited > 20:
            agility *= 0.85
            waited = 0
            if agility < 1e-3:
                break
        size = 0.0
        for zone in range(zones):
            times = -1.0
            for b in range(zone_start[zone], zone_start[zone + 1]):
                times += chosen[zone_site[b]]
            # At its upper end a price cannot rise, at its lower end not fall.
            if times < 0.0 and prices[zone] >= weights[zone]:
                times = 0.0
            if times > 0.0 and prices[zone] <= 0.0:
                times = 0.0
            direction[zone] = 0.8 * direction[zone] + times
            size += direction[zone] * direction[zone]
        if size < 1e-12:
            break
        length = agility * max(bound - 0.999 * value, 1e-6 * abs(value)) / size
        for zone in range(zones):
            moved = prices[zone] - length * direction[zone]
            prices[zone] = min(max(moved, 0.0), weights[zone])
    prices[:] = best_prices
    return best, best_worth, best_chosen, often, agility


@compiled
def fix(state, worth, chosen, bound, wanted):  # type: ignore[no-untyped-def]
    """Open or close for good what keeps the bound at ``wanted``; changes ``state``."""
    first_out, last_in = -np.inf, np.inf
    for site in range(len(state)):
        if state[site] == FREE:
            if chosen[site]:
                last_in = min(last_in, worth[site])
            else:
                first_out = max(first_out, worth[site])
    fixed = 0
    for site in range(len(state)):
        if state[site] != FREE:
            continue
        if chosen[site]:
            if bound - worth[site] + first_out < wanted:
                state[site] = OPEN
                fixed += 1
        elif bound + worth[site] - last_in < wanted:
            state[site] = CLOSED
            fixed += 1
    return fixed
