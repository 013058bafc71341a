"""[CONDUITS], [PUMPS], [ORIFICES], [WEIRS], [OUTLETS] and [LOSSES]."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from sim.drainage.elements import Conduit, Orifice, Outlet, Pump, Weir
from sim.drainage.swmm.crosssections import Opening
from sim.drainage.swmm.lexer import Row
from sim.drainage.swmm.nodes import Nodes
from sim.drainage.swmm.options import SwmmOptions
from sim.drainage.swmm.reading import Reading, bad, keyword, made, number, optional, text, yes
from sim.drainage.swmm.tables import Book, Scale

LINK_SECTIONS = ("CONDUITS", "PUMPS", "ORIFICES", "WEIRS", "OUTLETS")
# an elevation this little under the invert (0.001 ft) is rounding, as in SWMM
_OFFSET_SLACK_M = 0.001 * 0.3048
_WEIR_FORMS = {
    "TRANSVERSE": ("transverse", "rect_open"),
    "SIDEFLOW": ("sideflow", "rect_open"),
    "V-NOTCH": ("v_notch", "triangular"),
    "TRAPEZOIDAL": ("trapezoidal", "trapezoidal"),
    "ROADWAY": ("roadway", "rect_open"),
}


@dataclass
class Links:
    conduits: dict[str, Conduit] = field(default_factory=dict)
    pumps: dict[str, Pump] = field(default_factory=dict)
    orifices: dict[str, Orifice] = field(default_factory=dict)
    weirs: dict[str, Weir] = field(default_factory=dict)
    outlets: dict[str, Outlet] = field(default_factory=dict)
    rows: dict[str, Row] = field(default_factory=dict)


def define_links(reading: Reading) -> None:
    """Register every link id and its kind before anything refers to it."""

    def one(row: Row) -> None:
        name = reading.define("link", row, text(row, 0, "the link's id"))
        reading.link_kinds[name.upper()] = row.section

    for section in LINK_SECTIONS:
        reading.each(section, one)


class LinkReader:
    """Reads all links; `sim.drainage.swmm.nodes` and the cross sections must be read before."""

    def __init__(
        self, reading: Reading, options: SwmmOptions, nodes: Nodes,
        openings: Mapping[str, Opening], curves: Book,
    ) -> None:  # fmt: skip
        self.reading = reading
        self.options = options
        self.nodes = nodes
        self.openings = openings
        self.curves = curves
        self.links = Links()
        self.losses: dict[str, Row] = {}

    def read(self) -> Links:
        reading = self.reading

        def loss(row: Row) -> None:
            self.losses[reading.refer("link", row, 0)] = row

        reading.each("LOSSES", loss)
        reading.each("CONDUITS", self._conduit)
        reading.each("PUMPS", self._pump)
        reading.each("ORIFICES", self._orifice)
        reading.each("WEIRS", self._weir)
        reading.each("OUTLETS", self._outlet)
        return self.links

    # --- what links share ------------------------------------------------------------------

    def _ends(self, row: Row) -> dict[str, str]:
        self.links.rows[row[0]] = row
        ends = {
            "id": row[0],
            "from_node": self.reading.refer("node", row, 1),
            "to_node": self.reading.refer("node", row, 2),
        }
        if ends["from_node"] == ends["to_node"]:
            raise bad(row, "the link ends where it starts", row[1], "two different nodes")
        return ends

    def _offset_m(self, row: Row, index: int, node: str) -> float:
        """Return the height above the node's invert, from a depth or an elevation."""
        if self.options.link_offsets == "ELEVATION":
            if optional(row, index) == "*":
                return 0.0
            height_m = number(row, index, "the offset") * self.reading.units.length_m
            height_m -= self.nodes.invert_m(node)
        else:
            height_m = number(row, index, "the offset") * self.reading.units.length_m
        if height_m < -_OFFSET_SLACK_M:
            self.reading.note(row, f"an offset {-height_m:.3g} m under the invert is raised to it")
        return max(height_m, 0.0)

    def _crest_m(self, row: Row, index: int, ends: Mapping[str, str]) -> float:
        """A regulator's crest is never under the downstream invert (SWMM raises it)."""
        crest_m = self._offset_m(row, index, ends["from_node"])
        rise_m = self.nodes.invert_m(ends["to_node"]) - self.nodes.invert_m(ends["from_node"])
        if crest_m < rise_m:
            self.reading.note(row, "the crest is raised to the invert of the downstream node")
            return rise_m
        return crest_m

    def _opening(self, row: Row) -> Opening:
        opening = self.openings.get(row[0])
        if opening is None:
            what = "the link has no cross section, or one that was refused"
            raise bad(row, what, row[0], "a line in [XSECTIONS] that can be read")
        return opening

    def _losses(self, row: Row) -> tuple[float, float, float, bool, float]:
        loss = self.losses.get(row[0])
        if loss is None:
            return 0.0, 0.0, 0.0, False, 0.0
        entry, exit_, average = (
            number(loss, k, "a loss coefficient", minimum=0.0) for k in (1, 2, 3)
        )
        gate = yes(loss, 4, "the flap gate")
        seepage = number(loss, 5, "the seepage", default=0.0, minimum=0.0)
        return entry, exit_, average, gate, seepage * self.reading.units.rain_mm

    # --- kinds -----------------------------------------------------------------------------

    def _conduit(self, row: Row) -> None:
        ends = self._ends(row)
        units = self.reading.units
        opening = self._opening(row)
        length_m = number(row, 3, "the length", above=0.0) * units.length_m
        roughness_n = number(row, 4, "Manning's n")
        if opening.survey:
            # SWMM takes the main channel's n of the transect, whatever the conduit's line says
            roughness_n = opening.survey.transect.n_channel
            length_m /= opening.survey.length_factor
        if roughness_n <= 0:
            raise bad(row, "Manning's n is too small", roughness_n, "more than 0")
        entry, exit_, average, gate, seepage = self._losses(row)
        level = "street" if opening.is_street else "sewer"
        self.links.conduits[row[0]] = made(
            Conduit,
            **ends,
            length_m=length_m,
            roughness_n=roughness_n,
            inlet_offset_m=self._offset_m(row, 5, ends["from_node"]),
            outlet_offset_m=self._offset_m(row, 6, ends["to_node"]),
            initial_flow_m3s=number(row, 7, "the initial flow", default=0.0) * units.flow_m3s,
            max_flow_m3s=number(row, 8, "the maximum flow", default=0.0, minimum=0.0)
            * units.flow_m3s,
            section=opening.section,
            barrels=opening.barrels,
            entry_loss=entry,
            exit_loss=exit_,
            average_loss=average,
            flap_gate=gate,
            seepage_mm_h=seepage,
            level=self.reading.levels.get(row[0].upper(), level),
        )

    def _pump(self, row: Row) -> None:
        ends = self._ends(row)
        units = self.reading.units
        curve: str | None = None
        pump_type = "ideal"
        if optional(row, 3, ("", "*")) is not None:
            table = self.curves.tables[self.reading.refer("curve", row, 3)]
            if not table.kind.startswith("PUMP"):
                raise bad(row, f"curve '{table.id}' is a {table.kind} curve", row[3], "PUMP1 to 5")
            pump_type = table.kind.replace("PUMP", "type")
            x = units.volume_m3 if pump_type == "type1" else units.length_m
            curve = self.curves.use(self.reading, table.id, Scale("pump", x, units.flow_m3s))
        startup_m = number(row, 5, "the startup depth", default=0.0, minimum=0.0)
        shutoff_m = number(row, 6, "the shutoff depth", default=0.0, minimum=0.0)
        if 0 < startup_m <= shutoff_m:
            raise bad(row, "the pump starts no higher than it stops", row.text, "startup > shutoff")
        self.links.pumps[row[0]] = made(
            Pump,
            **ends,
            pump_type=pump_type,
            curve=curve,
            initially_on=keyword(row, 4, "the initial status", ("OFF", "ON"), "ON") == "ON",
            startup_depth_m=startup_m * units.length_m,
            shutoff_depth_m=shutoff_m * units.length_m,
        )

    def _orifice(self, row: Row) -> None:
        ends = self._ends(row)
        opening = self._opening(row)
        if opening.section.kind not in ("circular", "rect_closed"):
            raise bad(opening.row, "an orifice cannot have this shape", opening.row[1],
                      "CIRCULAR or RECT_CLOSED")  # fmt: skip
        # [LOSSES] overrides the gate of the link's own line
        gate = self._losses(row)[3] if row[0] in self.losses else yes(row, 6, "the flap gate")
        self.links.orifices[row[0]] = made(
            Orifice,
            **ends,
            orientation=keyword(row, 3, "the orientation", ("SIDE", "BOTTOM")).lower(),
            offset_m=self._crest_m(row, 4, ends),
            discharge_coefficient=number(row, 5, "the discharge coefficient", above=0.0),
            flap_gate=gate,
            close_time_s=number(row, 7, "the closing time", default=0.0, minimum=0.0) * 3600.0,
            section=opening.section,
        )

    def _weir(self, row: Row) -> None:
        ends = self._ends(row)
        weir = self.reading.units.weir
        word = keyword(row, 3, "the weir type", _WEIR_FORMS)
        form, shape = _WEIR_FORMS[word]
        opening = self._opening(row)
        if opening.section.kind != shape:
            raise bad(opening.row, f"a {word} weir cannot have this shape", opening.row[1],
                      shape.upper())  # fmt: skip
        if form == "roadway" and self._starred(row, 10, "the road width") and len(row) > 11:
            raise self.reading.unsupported(row, "a roadway weir with a road surface")
        if optional(row, 12, ("", "*")) is not None:
            raise self.reading.unsupported(row, "a weir coefficient curve")
        contractions = self._starred(row, 7, "the end contractions")
        if contractions not in (0.0, 1.0, 2.0):
            raise bad(row, "end contractions must be 0, 1 or 2", contractions, "0, 1 or 2")
        own_gate = optional(row, 6, ("", "*")) is not None and yes(row, 6, "the flap gate")
        self.links.weirs[row[0]] = made(
            Weir,
            **ends,
            form=form,
            offset_m=self._crest_m(row, 4, ends),
            discharge_coefficient=number(row, 5, "the discharge coefficient", above=0.0) * weir,
            end_discharge_coefficient=self._starred(row, 8, "the end coefficient") * weir,
            end_contractions=int(contractions),
            flap_gate=self._losses(row)[3] if row[0] in self.losses else own_gate,
            can_surcharge=optional(row, 9, ("", "*")) is None or yes(row, 9, "can surcharge"),
            section=opening.section,
        )

    def _starred(self, row: Row, index: int, what: str) -> float:
        if optional(row, index, ("", "*")) is None:
            return 0.0
        return number(row, index, what, minimum=0.0)

    def _outlet(self, row: Row) -> None:
        ends = self._ends(row)
        units = self.reading.units
        word = keyword(row, 4, "the outlet's relation", ("TABULAR", "FUNCTIONAL"))
        head = "head" if row[4].upper().endswith("/HEAD") else "depth"
        curve, coefficient, exponent, k = None, 0.0, 0.0, 6
        if word == "TABULAR":
            table = self.reading.refer("curve", row, 5)
            scale = Scale("rating", units.length_m, units.flow_m3s)
            curve = self.curves.use(self.reading, table, scale)
        else:
            exponent = number(row, 6, "the exponent", minimum=0.0)
            coefficient = number(row, 5, "the coefficient", minimum=0.0)
            coefficient *= units.flow_m3s / units.length_m**exponent
            k = 7
        gate = self._losses(row)[3] if row[0] in self.losses else yes(row, k, "the flap gate")
        self.links.outlets[row[0]] = made(
            Outlet,
            **ends,
            offset_m=self._crest_m(row, 3, ends),
            head=head,
            curve=curve,
            coefficient=coefficient,
            exponent=exponent,
            flap_gate=gate,
        )
