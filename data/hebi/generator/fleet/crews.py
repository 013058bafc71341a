"""Trucks, who drives them, and which points are whose: territories of equal work."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from math import atan2, pi

from ..assumptions import Assumptions
from ..streets import CLASSES
from .roads import DISTRICTS, Region
from .stops import Stop
from .ways import Ways

CREWS = (
    ("residual_wide", "C18"), ("residual_narrow", "C08"), ("food_homes", "F09"),
    ("food_shops", "F09"), ("recyclables", "R09"), ("hazardous", "H03"),
)  # fmt: skip
BODIES = ("C18", "C08", "F09", "R09", "H03")
SITE_OF = {"residual": ("INC", "TS"), "food": ("FOOD",), "recyclable": ("SORT",),
           "hazardous": ("SORT",)}  # fmt: skip
PLACE_OF = {"INC": "INC", "TS": "TS", "FOOD": "PARK", "SORT": "PARK"}


@dataclass(frozen=True)
class TruckPlan:
    """A truck, its crew's shift, and the points of its territory in the order of the sweep."""

    id: str
    body: str
    crew: str
    district: str
    shift: str
    electric: bool
    stops: tuple[Stop, ...]


def body_number(assumptions: Assumptions, name: str, body: str) -> float:
    """Return a number that is given by body."""
    return assumptions.numbers(f"truck.{name}")[BODIES.index(body)]


def unload_s(assumptions: Assumptions, site: str) -> float:
    """Return how long unloading at a site takes."""
    return assumptions.numbers("site.unload")[("INC", "FOOD", "SORT", "TS").index(site)]


def build_crews(region: Region, ways: Ways, stops: list[Stop], a: Assumptions) -> list[TruckPlan]:
    """Return all trucks with their territories; every point is in one."""
    todo = _by_crew(region, stops, a)
    trucks: list[TruckPlan] = []
    for crew, body in CREWS:
        shifts = a.texts(f"crew.{crew}.shifts")
        numbers = dict(zip(DISTRICTS, a.numbers(f"crew.{crew}.trucks"), strict=True))
        first = max(numbers, key=lambda name: numbers[name])
        mine: dict[str, list[Stop]] = defaultdict(list)
        for stop in todo[crew]:
            mine[stop.district if numbers[stop.district] else first].append(stop)
        count = 0
        for district, number in numbers.items():
            parts = _sweep(mine[district], int(number), region, ways, body, district, a)
            for part in parts:
                count += 1
                share = a.number("fleet.electric_share")
                electric = int(count * share) > int((count - 1) * share)
                prefix = crew.partition("_")[2][:1].upper() or ""
                trucks.append(
                    TruckPlan(
                        f"{body}{prefix}-{count:02d}", body, crew, district,
                        shifts[(count - 1) % len(shifts)], electric, tuple(part),
                    )
                )  # fmt: skip
    return trucks


def _by_crew(region: Region, stops: list[Stop], a: Assumptions) -> dict[str, list[Stop]]:
    """Give every stop to a crew: residual waste of older quarters and narrow streets goes to the
    small compactors until they have their share."""
    rank = {name: k for k, name in enumerate(CLASSES)}
    widest: dict[str, int] = {}
    for street in region.streets:
        for node in (street.from_node, street.to_node):
            widest[node] = min(widest.get(node, 9), rank.get(street.street_class, 0))
    found: dict[str, list[Stop]] = defaultdict(list)
    share = a.number("crew.residual_narrow.share")
    for district in DISTRICTS:
        residual = [s for s in stops if s.stream == "residual" and s.district == district]
        residual.sort(key=lambda s: (s.node.land_use != "old_town", -widest[s.node.id], s.id))
        room_kg = share * sum(s.kg_per_day for s in residual)
        for stop in residual:
            crew = "residual_narrow" if room_kg > 0.0 else "residual_wide"
            room_kg -= stop.kg_per_day
            found[crew].append(stop)
    for stop in stops:
        if stop.stream == "food":
            found["food_shops" if stop.crew == "food_shops" else "food_homes"].append(stop)
        elif stop.stream != "residual":
            found[stop.crew].append(stop)
    return found


def _sweep(
    stops: list[Stop], count: int, region: Region, ways: Ways, body: str, district: str,
    a: Assumptions,
) -> list[list[Stop]]:  # fmt: skip
    """Turn a ray around the depot and cut the circle into `count` parts of equal work.

    The work of a stop is service, lifts, the hop to it, and its share of a trip to the nearest
    site and back.
    """
    if not count:
        return []
    depot = region.nodes[region.depot[district]]
    payload_kg = body_number(a, "payload", body) * a.number("plan.fill")
    hop_s, lift_s = a.number("plan.hop"), body_number(a, "lift_s", body)
    work: dict[str, float] = {}
    angle: dict[str, float] = {}
    for stop in stops:
        angle[stop.id] = atan2(stop.node.y_m - depot.y_m, stop.node.x_m - depot.x_m)
        haul_s = min(
            2.0 * ways.seconds[ways.index[stop.node.id], ways.index[PLACE_OF[site]]]
            + unload_s(a, site)
            for site in SITE_OF[stop.stream]
        )
        work[stop.id] = (
            stop.service_s + stop.bins * lift_s + hop_s + stop.kg_per_day / payload_kg * haul_s
        )
    order = sorted(stops, key=lambda s: (angle[s.id], s.id))
    turned = [angle[s.id] for s in order]
    gaps = [
        (turned[k] - turned[k - 1]) % (2.0 * pi) for k in range(len(order))
    ]  # before each stop: begin behind the widest
    start = max(range(len(order)), key=lambda k: (gaps[k], -k)) if order else 0
    order = order[start:] + order[:start]
    total = sum(work.values())
    parts: list[list[Stop]] = [[] for _ in range(count)]
    done = 0.0
    for stop in order:
        parts[min(int((done + work[stop.id] / 2.0) / total * count), count - 1)].append(stop)
        done += work[stop.id]
    return parts
