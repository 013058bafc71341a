"""The Lagrangian bound of the p-median, raised by subgradient steps, and what it fixes.

With a price for each zone in place of "every zone is served once", the problem falls apart: a site
is worth the sum of what its costs lie below the prices, and the best sites are opened (Cornuejols,
Fisher and Nemhauser 1977; Beasley 1985). The bound is that of the linear relaxation. A site whose
opening (closing) would lift the bound to the best value known is closed (opened) for good.
"""

from __future__ import annotations

import numpy as np

from sim.kernel.compiled import compiled

FREE, OPEN, CLOSED = 0, 1, -1


@compiled
def ascend(cost, order, state, prices, count, target, iterations, agility):  # type: ignore[no-untyped-def]
    """Raise the bound of the sites' ``state`` from the given prices.

    Parameters
    ----------
    cost, order : (Z, S) arrays
        Each row's costs ascending, and the sites they belong to.
    state : (S,) array
        `FREE`, `OPEN` or `CLOSED`.
    prices : (Z,) array
        Changed to the best found.
    target : float
        Stop as soon as the bound is at least this; also what steps aim at.
    agility : float
        First step's length, as a fraction of the one that would reach the target.

    Returns
    -------
    bound, worth, chosen, often, agility
        At the best prices the (S,) worths (none above 0) and the (S,) mask of sites chosen; how
        often each was chosen lately, 0 to 1; the step's length at the end.
    """
    zones, sites = cost.shape
    forced, free = 0, 0
    for site in range(sites):
        forced += state[site] == OPEN
        free += state[site] == FREE
    wanted = count - forced
    best, best_prices = -np.inf, prices.copy()
    best_worth, best_chosen = np.zeros(sites), np.zeros(sites, np.bool_)
    worth, chosen = np.zeros(sites), np.zeros(sites, np.bool_)
    free_worth = np.empty(free)
    often, direction, served = np.zeros(sites), np.zeros(zones), np.zeros(zones)
    waited = 0
    for _ in range(iterations):
        worth[:] = 0.0
        bound = 0.0
        for zone in range(zones):
            price = prices[zone]
            bound += price
            for k in range(sites):
                below = cost[zone, k] - price
                if below >= 0.0:
                    break
                worth[order[zone, k]] += below
        at = 0
        for site in range(sites):
            chosen[site] = state[site] == OPEN
            if chosen[site]:
                bound += worth[site]
            elif state[site] == FREE:
                free_worth[at] = worth[site]
                at += 1
        if wanted > 0:
            limit = np.partition(free_worth, wanted - 1)[wanted - 1]
            taken = 0
            for site in range(sites):
                if state[site] == FREE and worth[site] < limit:
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
        if bound > best:
            if bound > best + 1e-5 * abs(best):
                waited = 0
            best = bound
            best_prices[:] = prices
            best_worth[:] = worth
            best_chosen[:] = chosen
            if best >= target:
                break
        waited += 1
        if waited > 15:
            agility *= 0.7
            waited = 0
            prices[:] = best_prices
            if agility < 2e-4:
                break
        size = 0.0
        for zone in range(zones):
            served[zone] = 0.0
            for k in range(sites):
                if cost[zone, k] >= prices[zone]:
                    break
                if chosen[order[zone, k]]:
                    served[zone] += 1.0
            direction[zone] = 0.3 * direction[zone] + (1.0 - served[zone])
            size += direction[zone] * direction[zone]
        if size < 1e-12:
            break
        length = agility * max(1.02 * target - bound, 1e-6 * abs(target)) / size
        for zone in range(zones):
            prices[zone] += length * direction[zone]
    prices[:] = best_prices
    return best, best_worth, best_chosen, often, agility


@compiled
def fix(state, worth, chosen, bound, target):  # type: ignore[no-untyped-def]
    """Close or open for good what the bound says; changes ``state``, returns how many."""
    sites = len(state)
    first_out, last_in = np.inf, -np.inf
    for site in range(sites):
        if state[site] == FREE:
            if chosen[site]:
                last_in = max(last_in, worth[site])
            else:
                first_out = min(first_out, worth[site])
    fixed = 0
    for site in range(sites):
        if state[site] != FREE:
            continue
        if chosen[site]:
            if bound + first_out - worth[site] >= target:
                state[site] = OPEN
                fixed += 1
        elif bound + worth[site] - last_in >= target:
            state[site] = CLOSED
            fixed += 1
    return fixed
