"""A plan that works without an optimiser: sectors first, then trips, each put in a good order."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from ..assumptions import Assumptions
from .crews import PLACE_OF, SITE_OF, TruckPlan, body_number, unload_s
from .roads import Region
from .stops import Stop
from .ways import Floats, Ways


@dataclass
class Route:
    """One truck's day, as (kind, target) visits, with rough figures for judging it.

    ``at_s`` is when each stop is served, after the shift's begin, by mean traffic.
    """

    truck: TruckPlan
    visits: list[tuple[str, str]] = field(default_factory=list)
    at_s: dict[str, float] = field(default_factory=dict)
    seconds: float = 0.0
    metres: float = 0.0
    trips: int = 0


def build_routes(
    region: Region, ways: Ways, trucks: list[TruckPlan], a: Assumptions, electric: bool
) -> list[Route]:
    """Plan every truck's day; ``electric``: as if all had batteries, which leaves less payload."""
    factors = a.numbers("traffic.factor")
    slow = sum(factors) / len(factors)
    return [_route(region, ways, truck, a, slow, electric or truck.electric) for truck in trucks]


def _route(
    region: Region, ways: Ways, truck: TruckPlan, a: Assumptions, slow: float, electric: bool
) -> Route:
    payload_kg = body_number(a, "payload", truck.body)
    if not electric:
        payload_kg *= a.number("truck.diesel_payload")
    room_m3 = body_number(a, "volume", truck.body) * body_number(a, "compaction", truck.body)
    density = dict(
        zip(("residual", "food", "recyclable", "hazardous"), a.numbers("stream.density"),
            strict=True)
    )  # fmt: skip
    lift_s = body_number(a, "lift_s", truck.body)
    route = Route(truck)
    depot = ways.index[region.depot[truck.district]]
    here = depot
    for trip in _trips(truck, payload_kg, room_m3, density, a):
        sites = SITE_OF[trip[0].stream]
        ordered = _order(ways.seconds, here, trip, ways)
        for stop in ordered:
            there = ways.index[stop.node.id]
            route.seconds += float(ways.seconds[here, there]) / slow
            route.metres += float(ways.metres[here, there])
            route.at_s[stop.id] = route.seconds
            route.seconds += stop.service_s + stop.bins * lift_s
            route.visits.append(("stop", stop.id))
            here = there
        last = here
        site = min(sites, key=lambda s: float(ways.seconds[last, ways.index[PLACE_OF[s]]]))
        there = ways.index[PLACE_OF[site]]
        route.seconds += float(ways.seconds[here, there]) / slow + unload_s(a, site)
        route.metres += float(ways.metres[here, there])
        route.visits.append(("site", site))
        route.trips += 1
        here = there
    route.seconds += float(ways.seconds[here, depot]) / slow
    route.metres += float(ways.metres[here, depot])
    return route


def _trips(
    truck: TruckPlan, payload_kg: float, room_m3: float, density: dict[str, float], a: Assumptions
) -> list[list[Stop]]:
    """Cut the sweep into as few trips as the load allows, of about the same load."""
    if not truck.stops:
        return []
    fill, days = a.number("plan.fill"), _days(truck, a)
    size = [
        max(s.kg_per_day * days / payload_kg, s.kg_per_day * days / density[s.stream] / room_m3)
        for s in truck.stops
    ]
    count = int(np.ceil(sum(size) / fill))
    trips: list[list[Stop]] = [[] for _ in range(count)]
    done = 0.0
    for stop, part in zip(truck.stops, size, strict=True):
        trips[min(int((done + part / 2.0) / sum(size) * count), count - 1)].append(stop)
        done += part
    return [trip for trip in trips if trip]


def _days(truck: TruckPlan, a: Assumptions) -> float:
    """Return how many days' waste a collection takes on average."""
    return 7.0 / len(a.texts(f"shift.{truck.shift}")[4])


def _order(seconds: Floats, start: int, stops: list[Stop], ways: Ways) -> list[Stop]:
    """Order a trip: nearest next, then turned pieces of it as long as that is quicker (2-opt).

    The way to the site counts, so that the trip ends on its side.
    """
    sites = [ways.index[PLACE_OF[site]] for site in SITE_OF[stops[0].stream]]
    place = [ways.index[s.node.id] for s in stops]
    left, order, here = list(range(len(stops))), [], start
    while left:
        k = min(left, key=lambda i: (float(seconds[here, place[i]]), i))
        left.remove(k)
        order.append(k)
        here = place[k]
    end = min(sites, key=lambda s: float(seconds[here, s]))
    line = [start, *(place[k] for k in order), end]
    better = True
    while better:
        better = False
        for i in range(1, len(line) - 2):
            for j in range(i + 1, len(line) - 1):
                a, b, c, d = line[i - 1], line[i], line[j], line[j + 1]
                if seconds[a, c] + seconds[b, d] < seconds[a, b] + seconds[c, d] - 1e-6:
                    line[i : j + 1] = line[i : j + 1][::-1]
                    order[i - 1 : j] = order[i - 1 : j][::-1]
                    better = True
    return [stops[k] for k in order]
