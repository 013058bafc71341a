"""[RAINGAGES], [SUBCATCHMENTS], [SUBAREAS] and [INFILTRATION] of an export."""

from __future__ import annotations

from sim.drainage.elements import CurveNumber, GreenAmpt, Horton
from sim.drainage.swmm.export import Export
from sim.drainage.swmm.sheet import Sheet, time_text

_ROUTES = {"outlet": "OUTLET", "impervious": "IMPERV", "pervious": "PERV"}


def write_gauges(sheet: Sheet, export: Export) -> None:
    sheet.section("RAINGAGES", (
        (g.id, g.form.upper(), time_text(g.interval_s), g.snow_catch_factor, "TIMESERIES", g.series)
        for g in export.network.gauges
    ))  # fmt: skip


def write_subcatchments(sheet: Sheet, export: Export) -> None:
    all_ = export.network.subcatchments
    sheet.section("SUBCATCHMENTS", (
        (s.id, s.gauge, s.outlet, s.area_ha, s.impervious_percent, s.width_m, s.slope_percent, 0)
        for s in all_
    ))  # fmt: skip
    sheet.section("SUBAREAS", (
        (s.id, s.n_impervious, s.n_pervious, s.storage_impervious_mm, s.storage_pervious_mm,
         s.zero_storage_percent, _ROUTES[s.route_to], s.routed_percent)
        for s in all_
    ))  # fmt: skip
    sheet.section("INFILTRATION", ((s.id, *_parameters(s.infiltration)) for s in all_))


def _parameters(loss: Horton | GreenAmpt | CurveNumber) -> tuple[object, ...]:
    if isinstance(loss, Horton):
        return (loss.max_rate_mm_h, loss.min_rate_mm_h, loss.decay_per_h, loss.drying_time_d,
                loss.max_volume_mm, loss.method.upper())  # fmt: skip
    if isinstance(loss, GreenAmpt):
        return (loss.suction_head_mm, loss.conductivity_mm_h, loss.initial_deficit,
                loss.method.upper())  # fmt: skip
    return loss.curve_number, 0, loss.drying_time_d, "CURVE_NUMBER"
