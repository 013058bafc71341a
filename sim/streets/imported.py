"""What an import of streets brought, left out and assumed; and what all imports have in common."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

import numpy as np
from pyproj import CRS, Transformer

from sim.kernel.errors import InputError
from sim.streets.components import largest_component
from sim.streets.graph import Floats, StreetGraph

ASSUMED_KM_H: Mapping[str, float] = {
    "motorway": 80.0,
    "trunk": 60.0,
    "primary": 50.0,
    "secondary": 40.0,
    "tertiary": 30.0,
    "unclassified": 30.0,
    "residential": 20.0,
    "living_street": 10.0,
    "service": 15.0,
    "motorway_link": 40.0,
    "trunk_link": 40.0,
    "primary_link": 30.0,
    "secondary_link": 30.0,
    "tertiary_link": 20.0,
}
"""Speeds where a source states none: an assumption, within the design speeds of CJJ 37-2012 (60 to
100 km/h for expressways, 40 to 60 for arterials, 30 to 50 for secondary roads, 20 to 40 for
branches)."""

_KM_PER_MILE = 1.609344


@dataclass
class Findings:
    """Notes taken on the way: what was left out and why, and what was assumed how often."""

    left_out: list[tuple[str, str]] = field(default_factory=list)
    assumed: Counter[str] = field(default_factory=Counter)
    noted: Counter[str] = field(default_factory=Counter)


@dataclass(frozen=True, eq=False)
class ImportedStreets:
    """A street graph and the account of how it came about.

    Attributes
    ----------
    crs
        The plane of the graph.
    left_out : tuple of (id, reason)
    assumed : mapping
        Assumption to how many streets it holds for.
    noted : mapping
        Anything else worth knowing, and how often.
    """

    graph: StreetGraph
    crs: CRS
    left_out: tuple[tuple[str, str], ...]
    assumed: Mapping[str, int]
    noted: Mapping[str, int]

    def to_plane(self, lon_lat: Floats) -> Floats:
        """Return longitudes and latitudes (P, 2), degrees, in the plane of the graph, m."""
        return project(lon_lat, CRS.from_epsg(4326), self.crs)

    def to_lon_lat(self, xy_m: Floats) -> Floats:
        """Return places in the plane of the graph (P, 2) as longitudes and latitudes, degrees."""
        return project(xy_m, self.crs, CRS.from_epsg(4326))

    def __str__(self) -> str:
        lines = [f"{len(self.graph.streets)} streets, {len(self.graph.nodes)} nodes"]
        lines += [f"assumed: {text} ({count})" for text, count in sorted(self.assumed.items())]
        lines += [f"noted: {text} ({count})" for text, count in sorted(self.noted.items())]
        reasons = Counter(reason for _, reason in self.left_out)
        lines += [f"left out: {reason} ({count})" for reason, count in sorted(reasons.items())]
        return "\n".join(lines)


def finished(graph: StreetGraph, crs: CRS, findings: Findings) -> ImportedStreets:
    """Keep the part in which everybody reaches everybody, and close the account.

    Raises
    ------
    InputError
        Nothing is left.
    """
    kept = largest_component(graph)
    findings.left_out += [
        (name, "not reached from, or not leading to, the largest part of the network")
        for name in kept.streets_left_out
    ]
    if not kept.graph.streets:
        raise InputError(
            "there is no network of streets", where="streets", value=len(graph.streets),
            expected="streets on which one can drive there and back",
        )  # fmt: skip
    return ImportedStreets(
        kept.graph, crs, tuple(findings.left_out), dict(findings.assumed), dict(findings.noted)
    )


def speed_km_h(text: str) -> float | None:
    """Return the speed that ``50``, ``50 km/h`` or ``30 mph`` states; none for any other text."""
    match = re.fullmatch(r"\s*([0-9]+(?:\.[0-9]+)?)\s*(km/h|kmh|kph|mph)?\s*", text)
    if match is None or float(match[1]) <= 0.0:
        return None
    return float(match[1]) * (_KM_PER_MILE if match[2] == "mph" else 1.0)


def speed_or_assumed(
    stated: str, kind: str, assumed_km_h: Mapping[str, float], findings: Findings
) -> float:
    """Return the stated speed, or that assumed for the class of the street, noting so; km/h."""
    value = speed_km_h(stated)
    if value is not None:
        return value
    if stated.strip():
        findings.noted[f"a speed that is none: {stated!r}"] += 1
    fallback = min(assumed_km_h.values())
    found = assumed_km_h.get(kind, fallback)
    label = kind if kind in assumed_km_h else f"{kind or 'no class'}, like the slowest"
    findings.assumed[f"{found:g} km/h on {label}"] += 1
    return found


def local_plane(lon_lat: Floats, wanted: str | None = None) -> CRS:
    """Return the wanted plane, or a transverse Mercator projection about the middle of places.

    Raises
    ------
    InputError
        The wanted one is no plane in metres.
    """
    if wanted is not None:
        return metric_plane(wanted, "crs")
    lon, lat = (np.min(lon_lat, axis=0) + np.max(lon_lat, axis=0)) / 2.0
    return CRS.from_proj4(
        f"+proj=tmerc +lat_0={lat:.4f} +lon_0={lon:.4f} +k=1 +x_0=0 +y_0=0 +datum=WGS84 +units=m"
    )


def metric_plane(name: str, where: str) -> CRS:
    """Return a projected system in metres by its name.

    Raises
    ------
    InputError
        It is not known, or is none.
    """
    from pyproj.exceptions import CRSError

    try:
        crs = CRS.from_user_input(name)
    except CRSError as error:
        raise InputError(
            "unknown coordinate system", where=where, value=name, expected="such as EPSG:4547"
        ) from error
    if not crs.is_projected or any(axis.unit_name != "metre" for axis in crs.axis_info[:2]):
        raise InputError(
            "not a plane in metres", where=where, value=crs.name, expected="such as EPSG:4547"
        )
    return crs


def project(xy: Floats, source: CRS, target: CRS) -> Floats:
    """Return places (P, 2) of one system in another; x or longitude first."""
    transformer = Transformer.from_crs(source, target, always_xy=True)
    x, y = transformer.transform(xy[:, 0], xy[:, 1])
    return np.column_stack((x, y))


def drawn_lines(lines: Iterable[Floats]) -> dict[int, Floats]:
    """Return the lines that are not straight, by index."""
    return {i: line for i, line in enumerate(lines) if len(line) > 2}
