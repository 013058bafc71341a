"""What an export keeps at hand: the network, names still free, curves by the use SWMM needs."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from sim.drainage.elements import Series
from sim.drainage.network import Network
from sim.drainage.swmm.options import SwmmOptions
from sim.kernel.errors import InputError

Points = tuple[tuple[float, float], ...]


@dataclass
class Export:
    """The state of one export. Ids are unique without regard to case, as SWMM compares them."""

    network: Network
    options: SwmmOptions
    names: dict[str, dict[str, str]] = field(default_factory=dict)
    # id -> (SWMM's curve type, points in the file's units)
    curves: dict[str, tuple[str, Points]] = field(default_factory=dict)
    series: dict[str, Points] = field(default_factory=dict)
    _uses: dict[tuple[str, str, float], str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        n = self.network
        self._claim("node", (node.id for node in n.nodes))
        self._claim("link", (link.id for link in n.links))
        self._claim("subcatchment", (s.id for s in n.subcatchments))
        self._claim("curve", (c.id for c in n.curves))
        self._claim("series", (s.id for s in n.series))
        self._claim("transect", (t.id for t in n.transects))
        self._claim("rule", (r.id for r in n.rules))
        for element in (*n.nodes, *n.links, *n.subcatchments):
            if element.work is not None:
                raise InputError(
                    f"it belongs to the work '{element.work}', and SWMM knows no variants",
                    where=f"export of '{element.id}'", expected="a network of built works only",
                    hint="export Network.built(...)",
                )  # fmt: skip

    def _claim(self, family: str, ids: Iterable[str]) -> None:
        known = self.names.setdefault(family, {})
        for name in ids:
            if name.upper() in known:
                raise InputError(
                    f"two {family}s differ only in case, which SWMM does not tell apart",
                    where="export", value=name, expected=f"ids unlike '{known[name.upper()]}'",
                )  # fmt: skip
            known[name.upper()] = name

    def free_name(self, family: str, wanted: str) -> str:
        """Return `wanted`, or with a number behind it if taken, and keep it taken."""
        known, name, k = self.names[family], wanted, 1
        while name.upper() in known:
            k += 1
            name = f"{wanted}#{k}"
        known[name.upper()] = name
        return name

    def points_of(self, curve_id: str) -> Points:
        for curve in self.network.curves:
            if curve.id == curve_id:
                return curve.points
        raise InputError(
            "the network has no such curve", where="export", value=curve_id,
            expected="the id of a curve of the network",
        )  # fmt: skip

    def curve(self, curve_id: str, kind: str, abscissa: float = 1.0) -> str:
        """Return the id under which a curve is written as `kind`, its abscissas scaled."""
        key = (curve_id, kind, abscissa)
        if key not in self._uses:
            name = curve_id if curve_id not in self.curves else self.free_name("curve", curve_id)
            points = self.points_of(curve_id)
            self.curves[name] = (kind, tuple((x * abscissa, y) for x, y in points))
            self._uses[key] = name
        return self._uses[key]

    def own_curve(self, wanted: str, kind: str, points: Points) -> str:
        """Keep a curve made for the export and return its id."""
        name = self.free_name("curve", wanted)
        self.curves[name] = (kind, points)
        return name

    def own_series(self, wanted: str, points: Points) -> str:
        """Keep a series made for the export and return its id."""
        name = self.free_name("series", wanted)
        self.series[name] = points
        return name


def refuse(element_id: str, what: str, hint: str = "") -> InputError:
    """Return the error for an element SWMM cannot represent."""
    return InputError(what, where=f"export of '{element_id}'", hint=hint)


def by_id(series: Iterable[Series]) -> Callable[[str], Points]:
    known = {s.id: s.points for s in series}

    def find(series_id: str) -> Points:
        if series_id not in known:
            raise InputError(
                "the network has no such series", where="export", value=series_id,
                expected="the id of a series of the network",
            )  # fmt: skip
        return known[series_id]

    return find
