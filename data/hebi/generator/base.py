"""The network before the works: junctions, sewers, streets, outfalls, underpass pumps."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from sim.drainage.elements import (
    Conduit,
    CrossSection,
    Curve,
    Junction,
    Orifice,
    Outfall,
    Pump,
    RainGauge,
    Rule,
    Series,
    Storage,
    Work,
    Zone,
)  # fmt: skip
from sim.drainage.network import Network

from .assumptions import Assumptions
from .sewers import SewerSystem
from .streets import other_end
from .surface import GAUGE, ponding_curves, street_conduits, street_junctions, subcatchments
from .town import Town

STAGE = "qi_stage"
RAIN = "city_rain"


@dataclass
class Draft:
    """A network under construction: lists that the base, the works and the channels add to."""

    junctions: list[Junction] = field(default_factory=list)
    storages: list[Storage] = field(default_factory=list)
    outfalls: list[Outfall] = field(default_factory=list)
    conduits: list[Conduit] = field(default_factory=list)
    pumps: list[Pump] = field(default_factory=list)
    orifices: list[Orifice] = field(default_factory=list)
    curves: list[Curve] = field(default_factory=list)
    rules: list[Rule] = field(default_factory=list)
    works: list[Work] = field(default_factory=list)

    def junction(self, node: str) -> Junction:
        """Return the junction called `node`."""
        return next(j for j in self.junctions if j.id == node)

    def conduit(self, link: str) -> Conduit:
        """Return the conduit called `link`."""
        return next(c for c in self.conduits if c.id == link)

    def network(self, town: Town) -> Network:
        """Return the finished network."""
        return Network(
            junctions=tuple(self.junctions), storages=tuple(self.storages),
            outfalls=tuple(self.outfalls), conduits=tuple(self.conduits), pumps=tuple(self.pumps),
            orifices=tuple(self.orifices), curves=tuple(self.curves), rules=tuple(self.rules),
            works=tuple(self.works), series=_series(town.assumptions),
            subcatchments=subcatchments(
                town.assumptions, town.cells, town.impervious_percent, town.zone_of
            ),
            gauges=(RainGauge(id=GAUGE, form="intensity", interval_s=3600.0, series=RAIN),),
            zones=tuple(_zones(town)),
        )  # fmt: skip


def pipe_id(node: str) -> str:
    """Return the id of the sewer that leaves junction `node`."""
    return f"P-{node}"


def rim_m(junction: Junction) -> float:
    """Return the street level at a junction, m."""
    return junction.invert_m + junction.max_depth_m


def base_draft(town: Town) -> Draft:
    """Return the draft of the network as it stood before the works."""
    assumptions = town.assumptions
    draft = Draft()
    draft.junctions.extend(
        street_junctions(
            town.graph, town.sewers, assumptions.number("underpass.pit_depth"), town.zone_of
        )
    )
    draft.curves.extend(ponding_curves(town.cells))
    draft.outfalls.extend(_outfalls(town.sewers))
    draft.conduits.extend(_pipes(assumptions, town.sewers))
    by_id = {j.id: j for j in draft.junctions}
    draft.conduits.extend(street_conduits(assumptions, town.graph, by_id))
    _underpass_stations(town, draft)
    return draft


def _outfalls(sewers: SewerSystem) -> Iterable[Outfall]:
    for site in sewers.sites:
        yield Outfall(
            id=site.id, invert_m=sewers.invert_m[site.id], x_m=site.x_m, y_m=site.y_m,
            boundary="series", stage_series=STAGE,
        )  # fmt: skip


def _pipes(assumptions: Assumptions, sewers: SewerSystem) -> Iterable[Conduit]:
    roughness = assumptions.number("calibration.sewer_roughness")
    for pipe in sewers.pipes.values():
        yield Conduit(
            id=pipe_id(pipe.from_node), from_node=pipe.from_node, to_node=pipe.to_node,
            length_m=pipe.length_m, roughness_n=roughness,
            section=CrossSection(kind="circular", depth_m=pipe.diameter_m), barrels=pipe.barrels,
        )  # fmt: skip


def _underpass_stations(town: Town, draft: Draft) -> None:
    """Give every underpass a covered sump and one small pump to the lower neighbour's sewer."""
    number = town.assumptions.number
    flow_m3s = number("calibration.underpass_pump_flow")
    lift_m = number("underpass.full_flow_depth")
    draft.curves.append(
        Curve(id="PUMP-underpass", kind="pump", points=((0.0, 0.0), (lift_m, flow_m3s)))
    )
    neighbours = town.graph.neighbours()
    for node in (n for n in town.graph.nodes.values() if n.underpass):
        pit = draft.junction(node.id)
        sump, depth_m = f"SU-{node.id}", number("underpass.sump_depth")
        invert_m = round(pit.invert_m - depth_m, 3)
        ends = [town.graph.nodes[other_end(s, node.id)] for s in neighbours[node.id]]
        target = min(ends, key=lambda end: (end.elevation_m, end.id))
        draft.storages.append(
            Storage(
                id=sump, invert_m=invert_m, x_m=node.x_m,
                y_m=round(node.y_m + number("underpass.sump_offset"), 2),
                zone=town.zone_of[node.id], area_constant_m2=number("underpass.sump_area"),
                # a closed shaft up to the level of the approach streets
                max_depth_m=round(
                    max(e.elevation_m for e in ends) + number("underpass.shaft_freeboard")
                    - invert_m, 3,
                ),
            )
        )  # fmt: skip
        draft.conduits.append(
            Conduit(
                id=pipe_id(node.id), from_node=node.id, to_node=sump,
                length_m=number("underpass.inlet_length"),
                roughness_n=number("calibration.sewer_roughness"),
                outlet_offset_m=depth_m - number("underpass.inlet_drop"),
                section=CrossSection(kind="circular", depth_m=number("underpass.inlet_diameter")),
            )
        )  # fmt: skip
        draft.pumps.append(
            Pump(
                id=f"PU-{node.id}", from_node=sump, to_node=target.id, pump_type="type4",
                curve="PUMP-underpass", initially_on=False,
                startup_depth_m=number("underpass.startup_depth"),
                shutoff_depth_m=number("underpass.shutoff_depth"),
            )
        )  # fmt: skip


def _series(assumptions: Assumptions) -> tuple[Series, ...]:
    """Return placeholders that a scenario's river and rain replace: normal stage, no rain."""
    return (
        Series(id=STAGE, points=((0.0, assumptions.number("river.normal_stage")),)),
        Series(id=RAIN, points=((0.0, 0.0),)),
    )


def _zones(town: Town) -> Iterable[Zone]:
    for zone in town.zones:
        yield Zone.model_validate(
            {
                "id": zone.id, "name_en": zone.name_en, "name_zh": zone.name_zh,
                "kind": zone.kind, "allowed_recession_h": zone.allowed_recession_h,
            }
        )  # fmt: skip
