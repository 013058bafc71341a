"""Nights of charging: 100 trucks, 24 guns, a power limit, and a tariff that changes by the hour."""

from __future__ import annotations

import random

from bench.routing.city import HOUR_S
from optimize.routing.charger_schedule.problem import ChargingProblem, Place, Stay, Steps
from optimize.routing.problem import ChargingCurve


def night(seed: int, limit_kw: float, *, trucks: int = 100, guns: int = 24) -> ChargingProblem:
    """Return a night; before 22:00 the limit is six tenths of what it is after."""
    rng = random.Random(seed)
    price = Steps(
        tuple(h * HOUR_S for h in range(36)),
        tuple(round(rng.uniform(0.3, 1.1), 3) for _ in range(36)),
    )
    limit = Steps((0.0, 22 * HOUR_S), (0.6 * limit_kw, limit_kw))
    stays = []
    for k in range(trucks):
        full = rng.choice([210.0, 280.0])
        to_80 = 0.8 * full / 120.0 * HOUR_S
        to_95 = to_80 + 0.15 * full / 60.0 * HOUR_S
        to_100 = to_95 + 0.05 * full / 24.0 * HOUR_S
        curve = ChargingCurve((0.0, 0.8 * full, 0.95 * full, full), (0.0, to_80, to_95, to_100))
        start = rng.uniform(0.1, 0.5) * full
        arrive, leave = rng.uniform(14, 19) * HOUR_S, rng.uniform(28, 31) * HOUR_S
        more = rng.uniform(0.9, 1.0) * full - start
        stays.append(Stay(f"truck {k}", (0,), (curve,), arrive, leave, start, more, 1800.0, 0.01))
    return ChargingProblem((Place("depot", guns, limit, price),), tuple(stays), 600.0)
