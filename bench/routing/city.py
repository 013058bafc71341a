"""A synthetic city for speed: stops around centres, three plants, two charging yards.

Stated assumptions, not any city's data: 16 x 12 km, streets 1.3 times the straight line, 25 km/h;
250 to 1,400 kg a stop, 90 s; trucks of 8 t, 210 kWh, 1.6 kWh/km and .05 kWh/km for each tonne,
0.11 kWh of lifting per stop; 120 kW up to 80 %, slower beyond; eight hours.
"""

from __future__ import annotations

import numpy as np

from optimize.routing.problem import Charger, ChargingCurve, Problem, Site, Stop, Travel, TruckType

HOUR_S = 3600.0
CURVE = ChargingCurve((0.0, 168.0, 199.5, 210.0), (0.0, 5040.0, 6930.0, 8820.0))


def city(seed: int, *, stops: int, trucks: int) -> Problem:
    """Return the city with so many stops and trucks; the same seed gives the same city."""
    rng = np.random.default_rng(seed)
    centres = rng.uniform((2_000.0, 2_000.0), (14_000.0, 10_000.0), (8, 2))
    at = centres[rng.integers(0, 8, stops)] + rng.normal(0.0, 1_200.0, (stops, 2))
    fixed = np.array(
        [[8_000.0, 6_000.0], [1_000.0, 1_000.0], [15_000.0, 11_000.0], [15_000.0, 1_000.0],
         [4_000.0, 8_000.0]]
    )  # fmt: skip
    xy = np.vstack((fixed, at))
    metres = 1.3 * np.hypot(*(xy[:, None] - xy[None]).transpose(2, 0, 1))
    names = ("depot", "plant A", "plant B", "plant C", "yard", *(f"p{k}" for k in range(stops)))
    kg = rng.uniform(250.0, 1_400.0, stops)
    truck = TruckType(
        "compactor", (8_000.0,), 0, 0, count=trucks, battery_kwh=210.0, reserve_kwh=21.0,
        kwh_per_m=1.6e-3, kwh_per_m_unit=(5e-8,), charging=(CURVE,),
        shift_s=(5 * HOUR_S, 13 * HOUR_S), must_end_empty=True, cost_fixed=300.0,
        cost_per_m=1e-3, cost_per_s=60.0 / HOUR_S, cost_per_kwh=0.7,
    )  # fmt: skip
    return Problem(
        f"city-{stops}",
        Travel(names, xy, metres, metres / (25.0 / 3.6)),
        ("kg",),
        tuple(Stop(f"s{k}", 5 + k, (float(kg[k]),), 90.0, energy_kwh=0.11) for k in range(stops)),
        (truck,),
        tuple(Site(f"plant {n}", 1 + k, (True,), 600.0) for k, n in enumerate("ABC")),
        (Charger("depot yard", 0, guns=16), Charger("west yard", 4, guns=8)),
        respect_guns=True,
    )
