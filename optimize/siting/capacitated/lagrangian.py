"""The Lagrangian bound of capacitated location, raised by subgradient steps.

With a price for each zone in place of "every zone is served", each site fills its capacity with the
zones that are cheapest beside their price, and sites are opened whose capacity together is enough
(Beasley 1988, "An algorithm for solving large capacitated warehouse location problems").
"""

from __future__ import annotations

import numpy as np

from sim.kernel.compiled import compiled

FREE, OPEN, CLOSED = 0, 1, -1


@compiled
def _open_enough(worth, capacity, state, demand, order, opened):  # type: ignore[no-untyped-def]
    """Least sum of worths of open sites whose capacity is the demand, the last one in part."""
    total, room = 0.0, 0.0
    for site in range(len(worth)):
        opened[site] = 0.0
        if state[site] == OPEN or (state[site] == FREE and worth[site] <= 0.0):
            opened[site] = 1.0
            total += worth[site]
            room += capacity[site]
    for k in range(len(worth)):
        if room >= demand:
            break
        site = order[k]
        if state[site] != FREE or opened[site] > 0.0 or capacity[site] <= 0.0:
            continue
        part = min(1.0, (demand - room) / capacity[site])
        opened[site] = part
        total += part * worth[site]
        room += part * capacity[site]
    return total if room >= demand * (1 - 1e-12) else np.inf


@compiled
def ascend(cost, demand, opening, capacity, state, prices, target, iterations, agility):  # type: ignore[no-untyped-def]
    """Raise the bound of the sites' ``state`` from the given prices.

    Parameters
    ----------
    cost : (S, Z) array
        Of serving the whole of a zone.
    demand : (Z,) array
    opening, capacity, state : (S,) arrays
    prices : (Z,) array
        Changed to the best found.
    target : float
        Ends once the bound is at least this; also what steps aim at.

    Returns
    -------
    bound, if_open, if_closed, opened, agility
        At the best prices: the bound, the bounds with each free site open and closed, and how
        much each is open lately, 0 to 1.
    """
    sites, zones = cost.shape
    best, best_prices = -np.inf, prices.copy()
    worth, best_worth = np.zeros(sites), np.zeros(sites)
    opened, often, direction = np.zeros(sites), np.zeros(sites), np.zeros(zones)
    served = np.zeros((sites, zones))
    ratio, who = np.empty(zones), np.empty(zones, np.int64)
    whole = demand.sum()
    waited = 0
    for _ in range(iterations):
        for site in range(sites):
            if state[site] == CLOSED:
                continue
            count, taken = 0, 0.0
            value = opening[site]
            for zone in range(zones):
                served[site, zone] = 0.0
                below = cost[site, zone] - prices[zone]
                if below < 0.0:
                    if demand[zone] <= 0.0:
                        value += below
                        served[site, zone] = 1.0
                    else:
                        ratio[count] = below / demand[zone]
                        who[count] = zone
                        count += 1
                        taken += demand[zone]
            if taken <= capacity[site]:
                for k in range(count):
                    served[site, who[k]] = 1.0
                    value += ratio[k] * demand[who[k]]
            else:
                room = capacity[site]
                order = np.argsort(ratio[:count])
                for k in order:
                    zone = who[k]
                    part = min(1.0, room / demand[zone])
                    served[site, zone] = part
                    value += part * ratio[k] * demand[zone]
                    room -= part * demand[zone]
                    if room <= 0.0:
                        break
            worth[site] = value
        by_room = np.argsort(worth / np.maximum(capacity, 1e-300))
        bound = _open_enough(worth, capacity, state, whole, by_room, opened) + prices.sum()
        for site in range(sites):
            often[site] += 0.1 * (opened[site] - often[site])
        if bound > best:
            if bound > best + 1e-6 * abs(best):
                waited = 0
            best = bound
            best_prices[:] = prices
            best_worth[:] = worth
            if best >= target:
                break
        waited += 1
        if waited > 12:
            agility *= 0.8
            waited = 0
            if agility < 1e-3:
                break
        size = 0.0
        for zone in range(zones):
            missing = 1.0
            for site in range(sites):
                if opened[site] > 0.0:
                    missing -= opened[site] * served[site, zone]
            direction[zone] = 0.6 * direction[zone] + missing
            size += direction[zone] * direction[zone]
        if size < 1e-14:
            break
        length = agility * max(1.002 * target - bound, 1e-6 * abs(target)) / size
        for zone in range(zones):
            prices[zone] += length * direction[zone]
    prices[:] = best_prices
    if_open, if_closed = np.full(sites, np.inf), np.full(sites, np.inf)
    base = prices.sum()
    by_room = np.argsort(best_worth / np.maximum(capacity, 1e-300))
    for site in range(sites):
        if state[site] == FREE and best < target:
            state[site] = OPEN
            if_open[site] = base + _open_enough(best_worth, capacity, state, whole, by_room, opened)
            state[site] = CLOSED
            if_closed[site] = base + _open_enough(
                best_worth, capacity, state, whole, by_room, opened
            )
            state[site] = FREE
    return best, if_open, if_closed, often, agility
