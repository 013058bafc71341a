"""The fleet case, put together in one order of draws, and its totals."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

import numpy as np

from ..town import Town
from .crews import TruckPlan, build_crews
from .patterns import STREAMS, Streams
from .plan import Route, build_routes
from .roads import DISTRICTS, Region, build_region
from .stops import Stop, build_stops
from .ways import Ways


@dataclass(frozen=True)
class FleetCase:
    """Streets, points, trucks; the plan for today's fleet and for the all-electric one."""

    town: Town
    region: Region
    streams: Streams
    stops: list[Stop]
    trucks: list[TruckPlan]
    routes: list[Route]
    electric_routes: list[Route]


def build_fleet(town: Town) -> FleetCase:
    """Build the case; the same assumptions give the same case."""
    a = town.assumptions
    seed = a.count("city.seed")

    def draws(purpose: int) -> np.random.Generator:
        # the town's streams have the numbers below 20
        return np.random.Generator(np.random.PCG64([seed, purpose]))

    region = build_region(town, draws(20))
    streams = Streams(a)
    stops = build_stops(region, streams, draws(21))
    ways = Ways(region)
    trucks = build_crews(region, ways, stops, a)
    today = build_routes(region, ways, trucks, a, electric=False)
    electric = build_routes(region, ways, trucks, a, electric=True)
    return FleetCase(town, region, streams, stops, trucks, today, electric)


def fleet_summary(case: FleetCase) -> str:
    """Return the figures by which a dispatcher judges the case, as text."""
    region = case.region
    people = {d: sum(region.people.get(n.id, 0) for n in region.of(d)) for d in DISTRICTS}
    lines = [
        "SYNTHETIC fleet case",
        "people          " + "  ".join(f"{d} {n}" for d, n in people.items()),
        f"streets         {len(region.nodes)} nodes, {len(region.streets)} streets, "
        f"{sum(s.length_m for s in region.streets) / 1000:.0f} km",
        f"points          {len(case.stops)} at {len({s.node.id for s in case.stops})} nodes",
    ]
    for stream in STREAMS:
        mine = [s for s in case.stops if s.stream == stream]
        tonnes = sum(s.kg_per_day for s in mine) / 1e3
        bins = sum(s.bins for s in mine)
        lines.append(f"  {stream:12}  {len(mine):4} points  {tonnes:6.1f} t/d  {bins:5} lifts")
    lines.append(f"trucks          {len(case.trucks)}, "
                 f"{sum(t.electric for t in case.trucks)} electric today")  # fmt: skip
    lines.append("crew             district   trucks  stops  trips   km           hours")
    groups = Counter((r.truck.crew, r.truck.district) for r in case.routes)
    for (crew, district), count in groups.items():
        mine_r = [r for r in case.routes if (r.truck.crew, r.truck.district) == (crew, district)]
        km = [r.metres / 1e3 for r in mine_r]
        hours = [r.seconds / 3600 for r in mine_r]
        lines.append(
            f"{crew:15}  {district:9}  {count:6}  {sum(len(r.truck.stops) for r in mine_r):5}  "
            f"{sum(r.trips for r in mine_r) / count:5.2f}  {min(km):4.0f} to {max(km):4.0f}  "
            f"{min(hours):4.1f} to {max(hours):4.1f}"
        )
    return "\n".join(lines)
