"""Collection points: how many of each kind, at which street node, for whom."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from math import ceil

import numpy as np

from ..assumptions import Assumptions
from ..zones import share_out
from .patterns import Streams
from .roads import Junction, Region


@dataclass(frozen=True)
class Stop:
    """One stream of waste at one place. ``crew`` is the group of trucks that collects it."""

    id: str
    node: Junction
    district: str
    stream: str
    kind: str
    crew: str
    people: int
    shops: int
    bins: int
    bin_m3: float
    service_s: float
    kg_per_day: float


@dataclass(frozen=True)
class _Spot:
    """A place where waste is put out, before it is known for how many."""

    id: str
    node: Junction
    kind: str
    weight: float


def build_stops(region: Region, streams: Streams, draws: np.random.Generator) -> list[Stop]:
    """Place all points and share people and shops out to them, stream by stream.

    Every stream's points together serve all people, and all shops but for streams that shops do
    not put out.
    """
    assumptions = streams.assumptions
    shops = _shops(assumptions, region)
    spots = _Spots(assumptions, region, draws)
    compounds, kiosks = spots.place("compounds"), spots.place("kiosks")
    stops = []
    residual = [*spots.place("residual"), *compounds, *kiosks]
    people = _share_by_zone(residual, region.people, region)
    to_shops = _share_by_zone(residual, shops, region)
    stops += _stops(streams, "residual", "", residual, people, to_shops)
    homes = [*spots.place("food_homes"), *compounds, *kiosks]
    people = _share_by_zone(homes, region.people, region)
    stops += _stops(streams, "food", "food_homes", homes, people, [0] * len(homes))
    restaurants = spots.place("food_shops", shops)
    to_shops = _share_by_zone(restaurants, shops, region)
    stops += _stops(streams, "food", "food_shops", restaurants, [0] * len(restaurants), to_shops)
    brought = [
        *spots.place("stations"), *spots.place("sorting_points"), *spots.place("cabinets"),
        *(spots.sized(spot, "sorting_kiosk") for spot in kiosks),
    ]  # fmt: skip
    people = _share_by_district(brought, region.people, region)
    to_shops = _share_by_district(brought, shops, region)
    stops += _stops(streams, "recyclable", "recyclables", brought, people, to_shops)
    toxic = spots.place("hazardous")
    people = _share_by_district(toxic, region.people, region)
    stops += _stops(streams, "hazardous", "hazardous", toxic, people, [0] * len(toxic))
    return stops


def _shops(assumptions: Assumptions, region: Region) -> dict[str, int]:
    """Share the shops out to nodes by people and land use."""
    weights = {
        node: people * assumptions.number(f"fleet.shop_weight.{region.nodes[node].land_use}")
        for node, people in region.people.items()
    }
    total = round(sum(region.people.values()) * assumptions.number("fleet.shops_per_1000") / 1e3)
    return dict(zip(weights, share_out(total, list(weights.values())), strict=True))


class _Spots:
    """Places spots on street nodes, as many by zone as it has people (or shops)."""

    PREFIX = {
        "residual": "R", "food_homes": "F", "food_shops": "E", "compounds": "MC", "kiosks": "K",
        "stations": "RS", "sorting_points": "RP", "cabinets": "RC", "hazardous": "H",
    }  # fmt: skip
    SIZE = {
        "compounds": "compound", "kiosks": "kiosk", "stations": "station",
        "sorting_points": "sorting_point",
    }  # fmt: skip

    def __init__(
        self, assumptions: Assumptions, region: Region, draws: np.random.Generator
    ) -> None:
        self._assumptions = assumptions
        self._region = region
        self._draws = draws
        self._spread = assumptions.number("fleet.size.spread")

    def place(self, kind: str, by: dict[str, int] | None = None) -> list[_Spot]:
        """Return the spots of a kind, in order of their zones."""
        region, draws = self._region, self._draws
        by = region.people if by is None else by
        zones: dict[tuple[str, str], list[str]] = defaultdict(list)
        for node in by:
            zones[region.nodes[node].district, region.nodes[node].zone].append(node)
        totals = [float(sum(by[node] for node in mine)) for mine in zones.values()]
        counts = share_out(self._assumptions.count(f"fleet.stops.{kind}"), totals)
        size = 1.0
        if kind in self.SIZE:
            size = self._assumptions.number(f"fleet.size.{self.SIZE[kind]}")
        spots: list[_Spot] = []
        for mine, count in zip(zones.values(), counts, strict=True):
            chosen: list[str] = []
            while len(chosen) < count:  # each node once before any comes twice
                order = draws.permutation(len(mine))
                chosen += [mine[k] for k in order[: count - len(chosen)]]
            for node in sorted(chosen):
                weight = size * (1.0 + self._spread * (2.0 * float(draws.random()) - 1.0))
                key = f"{self.PREFIX[kind]}{len(spots) + 1:03d}"
                spots.append(_Spot(key, region.nodes[node], kind, weight))
        return spots

    def sized(self, spot: _Spot, size: str) -> _Spot:
        """Return a spot with the weight of another kind."""
        weight = self._assumptions.number(f"fleet.size.{size}")
        return _Spot(spot.id, spot.node, spot.kind, weight)


def _share_by_zone(spots: list[_Spot], of: dict[str, int], region: Region) -> list[int]:
    return _share(spots, of, region, lambda node: f"{node.district} {node.zone}")


def _share_by_district(spots: list[_Spot], of: dict[str, int], region: Region) -> list[int]:
    return _share(spots, of, region, lambda node: node.district)


def _share(spots: list[_Spot], of: dict[str, int], region: Region, area: object) -> list[int]:
    """Share the people (or shops) of each area out to its spots by weight.

    An area without a spot brings its waste to those of the district that has the most.
    """
    assert callable(area)
    totals: dict[str, int] = defaultdict(int)
    for node, count in of.items():
        totals[area(region.nodes[node])] += count
    at: dict[str, list[int]] = defaultdict(list)
    for index, spot in enumerate(spots):
        at[area(spot.node)].append(index)
    largest = max(at, key=lambda key: (totals[key], key))
    for key in [key for key in totals if key not in at]:
        totals[largest] += totals.pop(key)
    found = [0] * len(spots)
    for key, mine in at.items():
        for index, part in zip(
            mine, share_out(totals[key], [spots[k].weight for k in mine]), strict=True
        ):
            found[index] = part
    return found


def _stops(
    streams: Streams, stream: str, crew: str, spots: list[_Spot], people: list[int],
    shops: list[int],
) -> list[Stop]:  # fmt: skip
    """Give every spot its bins: for the largest amount between two collections, with a margin."""
    number = streams.assumptions.number
    margin = number("fleet.bins.margin")
    found = []
    for spot, persons, businesses in zip(spots, people, shops, strict=True):
        kg = streams.kg_per_day(stream, persons, businesses)
        service = {"compounds": "compound", "kiosks": "kiosk"}.get(spot.kind, "point")
        days = streams.most_days_between(crew)
        bin_kg = streams.bin_m3[stream] * streams.density[stream]
        found.append(
            Stop(
                f"{spot.id}-{stream}" if spot.kind in ("compounds", "kiosks") else spot.id,
                spot.node, spot.node.district, stream, service, crew, persons, businesses,
                max(1, ceil(kg * days * margin / bin_kg)), streams.bin_m3[stream],
                number(f"fleet.service.{service}"), kg,
            )
        )  # fmt: skip
    return found
