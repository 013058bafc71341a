"""What the compiled kernels need to know of each link, and what they cannot do."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from sim.drainage.elements import Conduit, Orifice, Outlet, Pump, Weir
from sim.drainage.sections import SectionGeometry
from sim.kernel.errors import InputError

CONDUIT, PUMP, ORIFICE, WEIR, OUTLET = range(5)

_WEIR_FORMS = {"transverse": 0, "sideflow": 1, "v_notch": 2, "trapezoidal": 3}
_PUMP_FORMS = {"type1": 1, "type2": 2, "type3": 3, "type4": 4, "type5": 5, "ideal": 0}


def _opening(link: Orifice, row: dict[str, float]) -> None:
    section = link.section
    if section.kind not in ("circular", "rect_closed"):
        raise InputError(
            "an orifice must be circular or rect_closed",
            where=f"orifices/{link.id}/section.kind",
            value=section.kind,
            expected="circular or rect_closed",
        )
    circular = section.kind == "circular"
    row["form"] = (0 if link.orientation == "side" else 2) + (0 if circular else 1)
    row["coefficient"] = link.discharge_coefficient
    row["opening_m"] = section.depth_m
    row["crest_length_m"] = section.depth_m if circular else section.width_m
    row["close_rate_s"] = 1.0 / link.close_time_s if link.close_time_s > 0 else np.inf


def _crest(link: Weir, row: dict[str, float]) -> None:
    if link.form not in _WEIR_FORMS:
        raise InputError(
            f"the native engine has no {link.form} weir",
            where=f"weirs/{link.id}/form",
            value=link.form,
            expected=" or ".join(_WEIR_FORMS),
            hint="run it with --engine swmm",
        )
    section = link.section
    row["form"] = _WEIR_FORMS[link.form]
    row["coefficient"] = link.discharge_coefficient
    row["coefficient_2"] = link.end_discharge_coefficient
    row["opening_m"] = section.depth_m
    row["crest_length_m"] = section.width_m
    row["contractions"] = link.end_contractions
    row["surcharges"] = link.can_surcharge
    # weirs with sloping ends have no end contractions: their slope is kept in that column
    if link.form == "v_notch":
        row["crest_length_m"] = 0.0
        row["contractions"] = section.width_m / section.depth_m / 2.0
    elif link.form == "trapezoidal":
        row["contractions"] = (section.side_slope_left + section.side_slope_right) / 2.0


def link_row(
    link: Conduit | Pump | Orifice | Weir | Outlet,
    geometry: SectionGeometry | None,
    invert_m: Mapping[str, float],
) -> dict[str, float]:
    """Return the link's columns of a `sim.drainage.plant.Plant`, by field; absent ones are unset.

    Parameters
    ----------
    geometry : SectionGeometry or None
        Of a conduit.
    invert_m : mapping from node

    Raises
    ------
    InputError
        An element the native engine has no model for; the SWMM engine may have one.
    """
    row: dict[str, float] = {}
    if isinstance(link, Conduit):
        if link.seepage_mm_h > 0:
            raise InputError(
                "the native engine has no seepage from conduits",
                where=f"conduits/{link.id}/seepage_mm_h",
                value=link.seepage_mm_h,
                expected="0",
                hint="run it with --engine swmm",
            )
        drop = (invert_m[link.from_node] + link.inlet_offset_m) - (
            invert_m[link.to_node] + link.outlet_offset_m
        )
        row |= {
            "kind": CONDUIT,
            "offset_1_m": link.bed_offsets_m[0],
            "offset_2_m": link.bed_offsets_m[1],
            "length_m": link.length_m,
            "roughness_n": (geometry and geometry.roughness_n) or link.roughness_n,
            "barrels": link.barrels,
            "sqrt_slope": np.sqrt(max(drop, 0.0) / link.length_m),
            "entry_loss": link.entry_loss,
            "exit_loss": link.exit_loss,
            "average_loss": link.average_loss,
            "max_flow_m3s": link.max_flow_m3s or np.inf,
        }
    elif isinstance(link, Pump):
        row |= {"kind": PUMP, "form": _PUMP_FORMS[link.pump_type]}
    elif isinstance(link, Orifice):
        row |= {"kind": ORIFICE, "offset_1_m": link.offset_m}
        _opening(link, row)
    elif isinstance(link, Weir):
        row |= {"kind": WEIR, "offset_1_m": link.offset_m}
        _crest(link, row)
    else:
        row |= {
            "kind": OUTLET,
            "offset_1_m": link.offset_m,
            "form": 0 if link.head == "depth" else 1,
            "coefficient": link.coefficient,
            "coefficient_2": link.exponent,
        }
    row["flap"] = not isinstance(link, Pump) and link.flap_gate
    return row
