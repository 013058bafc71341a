"""Replanning inside a run: what a planner is told, and what it answers.

A system that executes routes calls a `Planner` at the start of a day and whenever something puts
the routes in force into question. Systems know this protocol, not the planners: a scenario plugs
one in, from a simple rule to a full optimisation.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal, Protocol

import numpy as np
from numpy.typing import NDArray

Reason = Literal[
    "day_begins", "street_changed", "truck_down", "truck_back", "site_stopped", "site_resumed",
    "point_calls",
]  # fmt: skip


@dataclass(frozen=True, slots=True)
class Task:
    """Something a vehicle is to do next: serve a stop, unload, charge, pause.

    Attributes
    ----------
    target
        Id of the stop, site or charger; empty for a break.
    until_kwh
        Charge up to this; full if none.
    not_before_s
        Second of the run before which it does not begin; none if there is none.
    """

    kind: Literal["stop", "site", "charger", "break"]
    target: str = ""
    until_kwh: float | None = None
    not_before_s: float | None = None


@dataclass(frozen=True, slots=True)
class VehicleState:
    """A vehicle at the moment of the call.

    Attributes
    ----------
    type
        Id of its type in the system's inputs.
    place
        Where it can take new orders: where it stands, or the end of the street it is in.
    free_s
        When it is there and done with what it is doing.
    way_m, way_s : (N,) arrays
        From there to every place.
    load_kg
        On board by stream, then.
    energy_kwh
        In the battery then; NaN without one.
    depot, shift_end_s, latest_end_s
        Where and when its route is to end: regularly, and with all overtime allowed.
    tasks
        What it has been told to do and not begun.
    down
        Whether it stands broken down; ``free_s`` is then when it is expected back.
    """

    id: str
    type: str
    place: str
    free_s: float
    way_m: NDArray[np.float64]
    way_s: NDArray[np.float64]
    load_kg: Mapping[str, float]
    energy_kwh: float
    depot: str
    shift_end_s: float
    latest_end_s: float
    tasks: tuple[Task, ...]
    down: bool = False


@dataclass(frozen=True, slots=True)
class SiteState:
    """A disposal site: whether it takes loads, what waits there, and how much room there is."""

    id: str
    open: bool
    waiting: int
    stock_t: float
    room_t: float


@dataclass(frozen=True)
class PlanningState:
    """Everything a planner is told.

    Attributes
    ----------
    reason, entity
        Why it is called, and on account of what.
    vehicles
        All that are on duty or will be today.
    affected
        Ids of those whose tasks are in question; only their routes need to change.
    unassigned
        Ids of stops that belong to nobody and should be served.
    load_kg
        What lies now at every stop that is in a route or unassigned.
    places, distance_m, duration_s
        Travel as it is now; infinite where there is no way.
    """

    now_s: float
    reason: Reason
    entity: str
    vehicles: tuple[VehicleState, ...]
    affected: frozenset[str]
    unassigned: tuple[str, ...]
    load_kg: Mapping[str, float]
    sites: tuple[SiteState, ...]
    chargers_down: frozenset[str]
    places: Mapping[str, int]
    distance_m: NDArray[np.float64] = field(repr=False)
    duration_s: NDArray[np.float64] = field(repr=False)


class Planner(Protocol):
    """Answers with new routes.

    A planner is told only ids: one that needs capacities or costs is made with the system's inputs
    by whoever plugs it in. It must not depend on anything that differs between two runs of the
    same seed, such as its own computing time.
    """

    def replan(self, state: PlanningState) -> Mapping[str, tuple[Task, ...]]:
        """Return the new tasks of the vehicles whose routes change, by id.

        A stop that is in no route afterwards is given up; one in two routes is an error.
        """
        ...
