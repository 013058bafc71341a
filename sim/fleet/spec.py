"""The ``[fleet]`` section of a scenario: tables, how trucks are sent, what is left to chance."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from sim.fleet.rows import Fraction, Id, NonNegative, Positive
from sim.kernel.schema import Frozen


class PlanPolicy(Frozen):
    """Routes as in the table ``plan.csv``."""

    kind: Literal["plan"] = "plan"


class TerritoryPolicy(Frozen):
    """Every truck serves all points of its territory every day, nearest next."""

    kind: Literal["territory"] = "territory"


class FillPolicy(Frozen):
    """Every truck serves the points of its territory that are fuller than ``route_share`` at the
    start of its shift; a point that reaches ``call_share`` during the day is added to a route."""

    kind: Literal["fill"] = "fill"
    route_share: Fraction = 0.6
    call_share: NonNegative | None = None


class DailyPolicy(Frozen):
    """All points fuller than ``route_share`` are given out anew every day by the planner."""

    kind: Literal["daily"] = "daily"
    route_share: Fraction = 0.0


Policy = Annotated[
    PlanPolicy | TerritoryPolicy | FillPolicy | DailyPolicy, Field(discriminator="kind")
]
Cv = Annotated[float, Field(ge=0, le=2)]


class Chance(Frozen):
    """What varies at random: coefficients of variation of lognormal factors with mean 1.

    Demand varies from day to day as the table of streams says, if ``demand`` is on; breakdowns of
    trucks, guns and lines as their tables say, if ``breakdowns`` is on.
    """

    demand: bool = True
    breakdowns: bool = True
    travel_cv: Cv = 0.0
    service_cv: Cv = 0.0
    unload_cv: Cv = 0.0


class Streets(Frozen):
    """Streets to drive on, instead of the table of travel.

    Attributes
    ----------
    streets, nodes
        Tables as `sim.streets.csv_files` reads them: id, from, to, length_m, speed_km_h; id, x_m,
        y_m.
    places
        Table of the places that points, depots, sites and chargers name: id, x_m, y_m in the same
        plane.
    snap_m
        A place further from every street is refused.
    flooded
        Table of what publishes water on the streets: point (the entity of the topic
        ``street_depth_m``) and node, a street node.
    flood_speed
        Relation of speed and depth of ``data/flood_speed.csv``.
    """

    streets: Id
    nodes: Id
    places: Id
    snap_m: Positive = 200.0
    flooded: Id | None = None
    flood_speed: Id = "pregnolato2017"


class FleetSpec(Frozen):
    """What a scenario says about the fleet.

    Attributes
    ----------
    tables
        Folder with the case's tables (see `sim.fleet.tables`).
    plan, trucks, chargers, outages
        Files with these tables, if not those of that folder.
    use_trucks, use_guns
        So many of the trucks and of the charging guns in the tables, in the same proportions of
        types, depots and chargers; all if none. Fewer trucks need the policy ``daily``, or a
        plan made for them.
    streets
        Streets to drive on; the table ``travel.csv`` if none.
    recourse_charge_share
        How far a truck charges that has to, without a plan that says it.
    replanning
        What happens to routes when a street closes, a truck breaks down or a plant stops, and who
        makes the routes of the policy ``daily``: nothing, nearest feasible insertion, or the
        optimiser that is plugged in.
    replan_after_min
        A truck that is expected back within this time keeps its route.
    charge_after_shift
        Whether trucks charge to full at their depot when they are back.
    charge_from_h
        Not before this hour, to use cheap power; at once if empty.
    mechanics
        Who repairs trucks where they stand.
    grid_kg_per_kwh, diesel_kg_per_litre
        Emissions of CO2. (S) 0.5366 is China's mean factor of 2022; 2.68 is what diesel holds.
    diesel_cny_per_litre
        (A) about the pump price.
    report_step_s
        Grid of the recorded series.
    """

    tables: Id
    plan: Id | None = None
    trucks: Id | None = None
    chargers: Id | None = None
    outages: Id | None = None
    streets: Streets | None = None
    policy: Policy = PlanPolicy()
    chance: Chance = Chance()
    use_trucks: Annotated[int, Field(ge=1)] | None = None
    use_guns: Annotated[int, Field(ge=0)] | None = None
    replanning: Literal["off", "nearest", "optimised"] = "nearest"
    replan_after_min: NonNegative = 20.0
    recourse_charge_share: Fraction = 0.8  # (K) above, charging is slow
    charge_after_shift: bool = True
    charge_from_h: Annotated[float, Field(ge=0, le=24)] | None = None
    mechanics: Annotated[int, Field(ge=1)] = 2
    grid_kg_per_kwh: NonNegative = 0.5366
    diesel_kg_per_litre: NonNegative = 2.68
    diesel_cny_per_litre: NonNegative = 7.5
    report_step_s: Positive = 3600.0
