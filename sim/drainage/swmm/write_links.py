"""[CONDUITS] to [OUTLETS], [XSECTIONS], [LOSSES], [TRANSECTS] and level tags of an export."""

from __future__ import annotations

from collections.abc import Iterator

from sim.drainage.elements import Conduit, CrossSection, Orifice, Weir
from sim.drainage.swmm.export import Export, refuse
from sim.drainage.swmm.ignored import LEVEL_TAG
from sim.drainage.swmm.sheet import Sheet, item

_PAIRS_PER_LINE = 5
# our kind -> SWMM's keyword and the fields of its second to fourth number
_SHAPES: dict[str, tuple[str, tuple[str, ...]]] = {
    "circular": ("CIRCULAR", ()),
    "filled_circular": ("FILLED_CIRCULAR", ("fill_depth_m",)),
    "rect_closed": ("RECT_CLOSED", ("width_m",)),
    "rect_open": ("RECT_OPEN", ("width_m",)),
    "trapezoidal": ("TRAPEZOIDAL", ("width_m", "side_slope_left", "side_slope_right")),
    "triangular": ("TRIANGULAR", ("width_m",)),
    "parabolic": ("PARABOLIC", ("width_m",)),
    "power": ("POWER", ("width_m", "exponent")),
    "rect_triangular": ("RECT_TRIANGULAR", ("width_m", "bottom_depth_m")),
    "rect_round": ("RECT_ROUND", ("width_m", "bottom_radius_m")),
    "modified_basket": ("MODBASKETHANDLE", ("width_m", "bottom_radius_m")),
    "egg": ("EGG", ()),
    "horseshoe": ("HORSESHOE", ()),
    "gothic": ("GOTHIC", ()),
    "catenary": ("CATENARY", ()),
    "semielliptical": ("SEMIELLIPTICAL", ()),
    "baskethandle": ("BASKETHANDLE", ()),
    "semicircular": ("SEMICIRCULAR", ()),
    "horiz_ellipse": ("HORIZ_ELLIPSE", ("width_m",)),
    "vert_ellipse": ("VERT_ELLIPSE", ("width_m",)),
    "arch": ("ARCH", ("width_m",)),
}
_WEIRS = {
    "transverse": "TRANSVERSE",
    "sideflow": "SIDEFLOW",
    "v_notch": "V-NOTCH",
    "trapezoidal": "TRAPEZOIDAL",
    "roadway": "ROADWAY",
}


def write_links(sheet: Sheet, export: Export) -> None:
    n = export.network
    sheet.section("CONDUITS", (
        (c.id, c.from_node, c.to_node, c.length_m, c.roughness_n, c.inlet_offset_m,
         c.outlet_offset_m, c.initial_flow_m3s, c.max_flow_m3s)
        for c in n.conduits
    ))  # fmt: skip
    sheet.section("PUMPS", _pumps(export))
    sheet.section("ORIFICES", (
        (o.id, o.from_node, o.to_node, o.orientation.upper(), o.offset_m, o.discharge_coefficient,
         o.flap_gate, o.close_time_s / 3600.0)
        for o in n.orifices
    ))  # fmt: skip
    sheet.section("WEIRS", (
        (w.id, w.from_node, w.to_node, _WEIRS[w.form], w.offset_m, w.discharge_coefficient,
         w.flap_gate, w.end_contractions, w.end_discharge_coefficient, w.can_surcharge)
        for w in n.weirs
    ))  # fmt: skip
    sheet.section("OUTLETS", _outlets(export))
    sheet.section("XSECTIONS", _crosssections(export))
    sheet.section("LOSSES", (
        (c.id, c.entry_loss, c.exit_loss, c.average_loss, c.flap_gate, c.seepage_mm_h)
        for c in n.conduits
        if c.entry_loss or c.exit_loss or c.average_loss or c.flap_gate or c.seepage_mm_h
    ))  # fmt: skip
    _transects(sheet, export)


def write_tags(sheet: Sheet, export: Export) -> None:
    """Write the levels SWMM has no place for, where `read_inp` finds them."""
    sheet.section("TAGS", (
        ("Link", c.id, f"{LEVEL_TAG}{c.level}")
        for c in export.network.conduits if c.level != "sewer"
    ))  # fmt: skip


def _pumps(export: Export) -> Iterator[tuple[object, ...]]:
    for pump in export.network.pumps:
        curve = "*"
        if pump.pump_type != "ideal":
            if pump.curve is None:
                raise refuse(pump.id, f"a {pump.pump_type} pump needs a curve")
            curve = export.curve(pump.curve, pump.pump_type.replace("type", "PUMP"))
        yield (pump.id, pump.from_node, pump.to_node, curve, "ON" if pump.initially_on else "OFF",
               pump.startup_depth_m, pump.shutoff_depth_m)  # fmt: skip


def _outlets(export: Export) -> Iterator[tuple[object, ...]]:
    for outlet in export.network.outlets:
        head = (outlet.id, outlet.from_node, outlet.to_node, outlet.offset_m)
        by = outlet.head.upper()
        if outlet.curve:
            yield (*head, f"TABULAR/{by}", export.curve(outlet.curve, "RATING"), outlet.flap_gate)
        else:
            yield (*head, f"FUNCTIONAL/{by}", outlet.coefficient, outlet.exponent,
                   outlet.flap_gate)  # fmt: skip


def _crosssections(export: Export) -> Iterator[tuple[object, ...]]:
    links: tuple[Conduit | Orifice | Weir, ...] = (
        *export.network.conduits, *export.network.orifices, *export.network.weirs,
    )  # fmt: skip
    for link in links:
        barrels = (link.barrels,) if isinstance(link, Conduit) else ()
        yield (link.id, *_shape(export, link.id, link.section), *barrels)


def _shape(export: Export, link: str, section: CrossSection) -> tuple[object, ...]:
    if section.kind in ("irregular", "street", "custom") and not section.curve:
        raise refuse(link, f"a section of kind {section.kind} needs a transect or a shape curve")
    if section.kind in ("irregular", "street"):
        return "IRREGULAR", section.curve, 0, 0, 0
    if section.kind == "custom":
        return "CUSTOM", section.depth_m, export.curve(str(section.curve), "SHAPE"), 0, 0
    word, names = _SHAPES[section.kind]
    sizes = [getattr(section, name) for name in names]
    return word, section.depth_m, *sizes, *([0] * (3 - len(sizes)))


def _transects(sheet: Sheet, export: Export) -> None:
    lines: list[str] = []
    for transect in export.network.transects:
        count = len(transect.stations)
        rows: list[tuple[object, ...]] = [
            ("NC", transect.n_left, transect.n_right, transect.n_channel),
            ("X1", transect.id, count, transect.left_bank_m, transect.right_bank_m, 0, 0, 0, 0, 0),
        ]
        for k in range(0, count, _PAIRS_PER_LINE):
            pairs = transect.stations[k : k + _PAIRS_PER_LINE]
            rows.append(("GR", *(number for x, z in pairs for number in (z, x))))
        lines += ["  ".join(item(value) for value in row) for row in rows]
    if lines:
        sheet.raw("TRANSECTS", lines)
