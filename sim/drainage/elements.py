"""The elements a drainage network is made of, in SI units.

Names and meanings follow the EPA SWMM 5.2 reference manual (volume II, hydraulics), so that an
imported file maps one to one; units are always SI, whatever the file used.

Any element may belong to a work: ``work`` names it, ``replaces`` names the element of the same
kind that disappears when the work is built. `sim.drainage.network.Network.built` applies them.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from sim.kernel.schema import Frozen, Pairs

Id = Annotated[str, Field(min_length=1)]
Positive = Annotated[float, Field(gt=0)]
NonNegative = Annotated[float, Field(ge=0)]
Fraction = Annotated[float, Field(ge=0, le=1)]
Percent = Annotated[float, Field(ge=0, le=100)]

SectionKind = Literal[
    "circular", "filled_circular", "rect_closed", "rect_open", "trapezoidal", "triangular",
    "parabolic", "power", "rect_triangular", "rect_round", "modified_basket", "egg", "horseshoe",
    "gothic", "catenary", "semielliptical", "baskethandle", "semicircular", "horiz_ellipse",
    "vert_ellipse", "arch", "irregular", "custom", "street",
]  # fmt: skip
OPEN_SECTIONS = frozenset(
    {"rect_open", "trapezoidal", "triangular", "parabolic", "power", "irregular", "street"}
)


class Element(Frozen):
    """What every element has: an identifier and, if it is part of a work, the work's."""

    id: Id
    work: Id | None = None
    replaces: Id | None = None


# --- nodes ---------------------------------------------------------------------------------


class Node(Element):
    """A place where links meet. Coordinates are metres in a local plane, or absent."""

    invert_m: float
    x_m: float | None = None
    y_m: float | None = None
    zone: Id | None = None


class Junction(Node):
    """A manhole or street junction.

    Above the rim (``invert_m + max_depth_m``) water ponds on the street: on ``ponding_curve``
    (depth above the rim in m against area in m2) if given, else on ``ponded_area_m2``; with
    neither, water that reaches ``max_depth_m + surcharge_depth_m`` leaves the network and is
    counted as overflow in the ledger. ``max_depth_m`` 0 means: up to the highest crown of the
    connected conduits.
    """

    kind: Literal["junction"] = "junction"
    max_depth_m: NonNegative = 0.0
    initial_depth_m: NonNegative = 0.0
    surcharge_depth_m: NonNegative = 0.0
    ponded_area_m2: NonNegative = 0.0
    ponding_curve: Id | None = None


class Storage(Node):
    """A basin: area (m2) by depth (m) from a curve, or ``area = a * depth**b + c``.

    Above ``max_depth_m`` it ponds on the curve's last area when ``ponds`` is set, else overflows
    at ``max_depth_m + surcharge_depth_m``.
    """

    kind: Literal["storage"] = "storage"
    max_depth_m: NonNegative
    initial_depth_m: NonNegative = 0.0
    surcharge_depth_m: NonNegative = 0.0
    curve: Id | None = None
    area_coefficient: NonNegative = 0.0
    area_exponent: NonNegative = 0.0
    area_constant_m2: NonNegative = 0.0
    ponds: bool = False


class Outfall(Node):
    """Where water leaves. ``stage_series`` holds water levels in m against seconds."""

    kind: Literal["outfall"] = "outfall"
    boundary: Literal["free", "normal", "fixed", "series"] = "free"
    stage_m: float | None = None
    stage_series: Id | None = None
    flap_gate: bool = False


# --- links ---------------------------------------------------------------------------------


class CrossSection(Frozen):
    """The shape of a conduit, weir or orifice opening. Lengths in m, slopes run over rise.

    ``depth_m`` is the full height. ``width_m``: the width of rectangles, arches and ellipses,
    the *bottom* width of a trapezoid, the top width of triangle, parabola and power, 0 where the
    height decides. ``side_slope_*``: trapezoid. ``exponent``: power. ``fill_depth_m``: sediment of
    filled_circular. ``bottom_depth_m`` / ``bottom_radius_m``: rect_triangular, rect_round,
    modified_basket (there: radius of the top). ``curve``: a Transect for irregular and street, a
    shape curve for custom.
    """

    kind: SectionKind
    depth_m: NonNegative = 0.0
    width_m: NonNegative = 0.0
    side_slope_left: NonNegative = 0.0
    side_slope_right: NonNegative = 0.0
    exponent: NonNegative = 0.0
    fill_depth_m: NonNegative = 0.0
    bottom_depth_m: NonNegative = 0.0
    bottom_radius_m: NonNegative = 0.0
    curve: Id | None = None


class Link(Element):
    """A connection; positive flow runs from ``from_node`` to ``to_node``."""

    from_node: Id
    to_node: Id


class Conduit(Link):
    """A pipe, channel or street reach. Offsets are heights above the nodes' inverts, in m."""

    kind: Literal["conduit"] = "conduit"
    length_m: Positive
    roughness_n: Positive
    inlet_offset_m: NonNegative = 0.0
    outlet_offset_m: NonNegative = 0.0
    initial_flow_m3s: float = 0.0
    max_flow_m3s: NonNegative = 0.0
    section: CrossSection
    barrels: Annotated[int, Field(ge=1)] = 1
    entry_loss: NonNegative = 0.0
    exit_loss: NonNegative = 0.0
    average_loss: NonNegative = 0.0
    flap_gate: bool = False
    seepage_mm_h: NonNegative = 0.0
    level: Literal["sewer", "street", "channel"] = "sewer"

    @property
    def bed_offsets_m(self) -> tuple[float, float]:
        """Heights of the bed above the nodes' inverts: the offsets and, as in SWMM, the sediment
        of a filled section on top."""
        fill_m = self.section.fill_depth_m if self.section.kind == "filled_circular" else 0.0
        return self.inlet_offset_m + fill_m, self.outlet_offset_m + fill_m


class Pump(Link):
    """A pump with a SWMM pump curve (types 1-5) or none (``ideal``: passes its inflow on).

    Curve abscissa by type: 1 wet-well volume m3 (steps), 2 inlet depth m (steps), 3 head
    difference m, 4 inlet depth m (continuous), 5 head difference m with speed scaling. Ordinate:
    m3/s. ``startup_depth_m`` / ``shutoff_depth_m``: 0 means no switch level.
    """

    kind: Literal["pump"] = "pump"
    pump_type: Literal["type1", "type2", "type3", "type4", "type5", "ideal"]
    curve: Id | None = None
    initially_on: bool = True
    startup_depth_m: NonNegative = 0.0
    shutoff_depth_m: NonNegative = 0.0


class Orifice(Link):
    """An opening in the side or the bottom of the upstream node."""

    kind: Literal["orifice"] = "orifice"
    orientation: Literal["side", "bottom"]
    offset_m: NonNegative = 0.0
    discharge_coefficient: Positive
    flap_gate: bool = False
    close_time_s: NonNegative = 0.0
    section: CrossSection


class Weir(Link):
    """A weir with crest ``offset_m`` above the upstream invert. Coefficients in SI (m^0.5/s)."""

    kind: Literal["weir"] = "weir"
    form: Literal["transverse", "sideflow", "v_notch", "trapezoidal", "roadway"]
    offset_m: NonNegative = 0.0
    discharge_coefficient: Positive
    end_discharge_coefficient: NonNegative = 0.0
    end_contractions: Annotated[int, Field(ge=0, le=2)] = 0
    flap_gate: bool = False
    can_surcharge: bool = True
    section: CrossSection


class Outlet(Link):
    """A rated outlet: flow in m3/s from head in m, by curve or ``coefficient * head**exponent``."""

    kind: Literal["outlet"] = "outlet"
    offset_m: NonNegative = 0.0
    head: Literal["depth", "head"] = "depth"
    curve: Id | None = None
    coefficient: NonNegative = 0.0
    exponent: NonNegative = 0.0
    flap_gate: bool = False


# --- surface -------------------------------------------------------------------------------


class Horton(Frozen):
    """Horton (or modified Horton) infiltration; ``max_volume_mm`` 0 means unlimited."""

    method: Literal["horton", "modified_horton"] = "horton"
    max_rate_mm_h: NonNegative
    min_rate_mm_h: NonNegative
    decay_per_h: NonNegative
    drying_time_d: Positive
    max_volume_mm: NonNegative = 0.0


class GreenAmpt(Frozen):
    """Green-Ampt (or modified) infiltration."""

    method: Literal["green_ampt", "modified_green_ampt"] = "green_ampt"
    suction_head_mm: NonNegative
    conductivity_mm_h: Positive
    initial_deficit: Fraction


class CurveNumber(Frozen):
    """Curve-number infiltration."""

    method: Literal["curve_number"] = "curve_number"
    curve_number: Annotated[float, Field(ge=10, le=99)]
    drying_time_d: Positive


Infiltration = Annotated[Horton | GreenAmpt | CurveNumber, Field(discriminator="method")]


class Subcatchment(Element):
    """A surface that turns rain into runoff (SWMM's nonlinear reservoir, three subareas)."""

    gauge: Id
    outlet: Id
    area_ha: Positive
    impervious_percent: Percent
    width_m: Positive
    slope_percent: NonNegative
    n_impervious: Positive
    n_pervious: Positive
    storage_impervious_mm: NonNegative
    storage_pervious_mm: NonNegative
    zero_storage_percent: Percent = 25.0
    route_to: Literal["outlet", "impervious", "pervious"] = "outlet"
    routed_percent: Percent = 100.0
    infiltration: Infiltration
    zone: Id | None = None


class RainGauge(Element):
    """A gauge and the series it reads: intensity mm/h, or depth per interval, or cumulative mm."""

    form: Literal["intensity", "volume", "cumulative"]
    interval_s: Positive
    series: Id
    snow_catch_factor: Positive = 1.0


# --- data behind them ----------------------------------------------------------------------


class Curve(Element):
    """Points of a function; abscissa and ordinate in SI as the user of the curve says."""

    kind: Literal["storage", "ponding", "pump", "rating", "shape", "control", "tidal"]
    points: Annotated[Pairs, Field(min_length=1)]


class Series(Element):
    """Values against seconds since the scenario's start; linear between points for stages and
    flows, constant until the next point for rain."""

    points: Annotated[Pairs, Field(min_length=1)]


class Transect(Element):
    """A surveyed section: stations and elevations in m, bank stations, Manning's n of left
    overbank, channel and right overbank."""

    stations: Annotated[Pairs, Field(min_length=3)]
    left_bank_m: float
    right_bank_m: float
    n_left: Positive
    n_channel: Positive
    n_right: Positive


class Inflow(Frozen):
    """Flow into a node: ``baseline + scale * series``, m3/s, times hour-of-day factors if any."""

    node: Id
    baseline_m3s: float = 0.0
    series: Id | None = None
    scale: float = 1.0
    pattern_hourly: tuple[float, ...] = ()
    pattern_daily: tuple[float, ...] = ()
    pattern_monthly: tuple[float, ...] = ()
    pattern_weekend: tuple[float, ...] = ()
    patterns_scale: Literal["baseline", "all"] = "baseline"


class Zone(Frozen):
    """A part of the city with an allowed recession time (hours after the end of rain)."""

    id: Id
    name_en: str
    name_zh: str
    kind: Literal["centre", "elsewhere", "key", "hub"]
    allowed_recession_h: Positive


class Work(Frozen):
    """A piece of works, or an exceedance channel, that elements can belong to."""

    id: Id
    name_en: str
    name_zh: str
    kind: Literal["work", "channel"]
    cost_million_cny: NonNegative


class Premise(Frozen):
    """One IF / AND / OR line of a control rule. Values in SI; times in s."""

    join: Literal["if", "and", "or"]
    object: Literal["node", "link", "simulation", "gauge"]
    id: str = ""
    attribute: Id
    relation: Literal["=", "<>", "<", "<=", ">", ">="]
    value: float | None = None
    other_object: Literal["", "node", "link"] = ""
    other_id: str = ""
    other_attribute: str = ""


class Action(Frozen):
    """What a rule sets: the setting (0 closed or off, 1 open or on, or a fraction) of a link."""

    link: Id
    setting: float | None = None
    curve: Id | None = None
    series: Id | None = None


class Rule(Element):
    """A SWMM control rule: premises, what follows, what follows otherwise, priority."""

    premises: Annotated[tuple[Premise, ...], Field(min_length=1)]
    then: Annotated[tuple[Action, ...], Field(min_length=1)]
    otherwise: tuple[Action, ...] = ()
    priority: float = 0.0
