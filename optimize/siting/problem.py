"""The problems: zones with weights, candidate sites, what lies between them, and what is asked.

Distances are a matrix the caller supplies, as a rule of the street graph; `straight_line` is there
for whoever asks for it. Any one unit will do (metres, seconds); radii are in the same.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
from numpy.typing import ArrayLike, NDArray

from optimize.siting.validation import checked_ids, checked_matrix, checked_numbers, known_ids
from sim.kernel.errors import InputError, InputErrors

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Area:
    """Zones to serve and sites to serve them from.

    Attributes
    ----------
    zones : tuple of str
        Unique names (Z).
    sites : tuple of str
        Unique names of the candidates (S), those that exist included.
    weights : (Z,) array
        People, sessions, tonnes: 0 or more.
    distance : (Z, S) array
        From each zone to each site; infinite where no way leads there.
    existing : tuple of str
        Sites that are kept, whatever else is chosen.
    excluded : tuple of str
        Candidates that must not be chosen.
    """

    zones: tuple[str, ...]
    sites: tuple[str, ...]
    weights: Floats
    distance: Floats
    existing: tuple[str, ...] = ()
    excluded: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        wrong: list[InputError] = []
        checked_ids("zones", self.zones, wrong)
        checked_ids("sites", self.sites, wrong)
        shape = (len(self.zones), len(self.sites))
        weights = checked_numbers("weights", self.weights, self.zones, wrong)
        distance = checked_matrix("distance", self.distance, shape, wrong)
        known_ids("existing", self.existing, self.sites, wrong)
        known_ids("excluded", self.excluded, self.sites, wrong)
        for name in sorted(set(self.existing) & set(self.excluded)):
            error = InputError(
                "both existing and excluded",
                where="excluded",
                value=name,
                hint="leave it out of one of the two",
            )
            wrong.append(error)
        if not wrong and set(self.sites) <= set(self.excluded):
            wrong.append(InputError("no candidate is left", where="excluded"))
        if wrong:
            raise InputErrors(wrong)
        object.__setattr__(self, "weights", weights)
        object.__setattr__(self, "distance", distance)

    @cached_property
    def allowed(self) -> Ints:
        """Indices of the sites that are not excluded, ascending."""
        out = set(self.excluded)
        return np.array([k for k, name in enumerate(self.sites) if name not in out], np.int64)

    @cached_property
    def kept(self) -> Ints:
        """Indices of the existing sites, ascending."""
        inside = set(self.existing)
        return np.array([k for k, name in enumerate(self.sites) if name in inside], np.int64)


def straight_line(zones_xy: ArrayLike, sites_xy: ArrayLike) -> Floats:
    """Return straight-line distances between (Z, 2) and (S, 2) coordinates on a plane, (Z, S)."""
    zones, sites = np.asarray(zones_xy, float), np.asarray(sites_xy, float)
    for where, points in (("zones_xy", zones), ("sites_xy", sites)):
        if points.ndim != 2 or points.shape[1] != 2 or not np.isfinite(points).all():
            raise InputError(
                "not coordinates", where=where, value=points.shape,
                expected="finite numbers, two in each row",
            )  # fmt: skip
    across = zones[:, :1] - sites[:, 0]
    across *= across
    along = zones[:, 1:] - sites[:, 1]
    along *= along
    across += along
    return np.sqrt(across, out=across)


def _count(problem: PMedian | PCenter | MaximalCover) -> None:
    area, count = problem.area, problem.count
    most, least = len(area.allowed), max(len(area.kept), 1)
    if not least <= count <= most:
        raise InputError(
            "more sites than candidates" if count > most else "fewer sites than must be open",
            where="count", value=count,
            expected=f"{least} to {most}: existing sites count, excluded candidates do not",
        )  # fmt: skip


def _radius(radius: float) -> None:
    if not 0.0 <= radius < np.inf:
        raise InputError("not a radius", where="radius", value=radius, expected="0 or more")


@dataclass(frozen=True, eq=False)
class PMedian:
    """Open ``count`` sites so that the weighted distance to the nearest is least (Hakimi 1964).

    Existing sites count. Every zone must be able to reach a site.
    """

    area: Area
    count: int

    def __post_init__(self) -> None:
        _count(self)


@dataclass(frozen=True, eq=False)
class PCenter:
    """Open ``count`` sites so that the largest distance to the nearest is least.

    ``weighted`` multiplies each zone's distance by its weight.
    """

    area: Area
    count: int
    weighted: bool = False

    def __post_init__(self) -> None:
        _count(self)


@dataclass(frozen=True, eq=False)
class MaximalCover:
    """Open ``count`` sites so that most weight lies within ``radius`` (Church and ReVelle 1974)."""

    area: Area
    count: int
    radius: float

    def __post_init__(self) -> None:
        _count(self)
        _radius(self.radius)


@dataclass(frozen=True, eq=False)
class SetCover:
    """Open the cheapest sites that leave no zone farther than ``radius`` from one.

    Attributes
    ----------
    costs : (S,) array or None
        What each site costs; 1 if none, which asks for the fewest. Existing ones count as well.
    """

    area: Area
    radius: float
    costs: Floats | None = None

    def __post_init__(self) -> None:
        _radius(self.radius)
        wrong: list[InputError] = []
        if self.costs is not None:
            costs = checked_numbers("costs", self.costs, self.area.sites, wrong)
            object.__setattr__(self, "costs", costs)
        if wrong:
            raise InputErrors(wrong)


@dataclass(frozen=True, eq=False)
class CoverageTarget:
    """Open the fewest sites that cover a share of the weight within ``radius``.

    Attributes
    ----------
    share : float
        Of the weight of all zones, or of those that any allowed site covers.
    of_coverable : bool
        Which of the two.
    """

    area: Area
    radius: float
    share: float
    of_coverable: bool = False

    def __post_init__(self) -> None:
        _radius(self.radius)
        if not 0.0 < self.share <= 1.0:
            raise InputError(
                "not a share", where="share", value=self.share, expected="above 0, at most 1"
            )


@dataclass(frozen=True, eq=False)
class Capacitated:
    """Open sites and serve every zone's demand within the capacities, at least cost.

    Attributes
    ----------
    area : Area
        Its weights are the demands; its distances only tell who can reach whom.
    opening : (S,) array
        Cost of an open site; existing ones are open and cost it too.
    capacity : (S,) array
        In the unit of the weights.
    cost_per_distance : float
        Cost of one unit of weight over one unit of distance.
    serving : (Z, S) array or None
        Cost of serving the whole of a zone from a site, in place of weight times distance times
        ``cost_per_distance``; infinite where it cannot be.
    single : bool
        Whether each zone is served by one site, or its demand may be split.
    """

    area: Area
    opening: Floats
    capacity: Floats
    cost_per_distance: float = 1.0
    serving: Floats | None = None
    single: bool = False
    cost: Floats = field(init=False, repr=False)

    def __post_init__(self) -> None:
        area, wrong = self.area, list[InputError]()
        opening = checked_numbers("opening", self.opening, area.sites, wrong)
        capacity = checked_numbers("capacity", self.capacity, area.sites, wrong)
        if not 0.0 <= self.cost_per_distance < np.inf:
            error = InputError(
                "not a cost",
                where="cost_per_distance",
                value=self.cost_per_distance,
                expected="0 or more",
            )
            wrong.append(error)
        if self.serving is None:
            by_unit = (area.weights * self.cost_per_distance)[:, None]
            reached = np.isfinite(area.distance)
            cost = np.where(reached, np.where(reached, area.distance, 0.0) * by_unit, np.inf)
        else:
            cost = checked_matrix("serving", self.serving, area.distance.shape, wrong)
            if not wrong:
                cost = np.where(np.isfinite(area.distance), cost, np.inf)
        if wrong:
            raise InputErrors(wrong)
        object.__setattr__(self, "opening", opening)
        object.__setattr__(self, "capacity", capacity)
        object.__setattr__(self, "cost", cost)


Problem = PMedian | PCenter | MaximalCover | SetCover | CoverageTarget | Capacitated
