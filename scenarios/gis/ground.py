"""Subcatchments where there is no layer of them: the ground nearest to each junction."""

from __future__ import annotations

import math

import numpy as np
import shapely

from scenarios.gis.findings import Findings
from scenarios.gis.mapping import Runoff
from sim.drainage.elements import Horton, Junction, RainGauge, Series, Subcatchment

GAUGE = "rain"
#: Pieces of ground smaller than this give no runoff worth a subcatchment, m2.
_SMALLEST_M2 = 1.0


def nearest_ground(
    source: Runoff, junctions: tuple[Junction, ...], findings: Findings
) -> list[Subcatchment]:
    """Return one subcatchment for each junction: its Voronoi cell within ``limit_m``.

    The flow width is the square root of the area.
    """
    first: dict[tuple[float, float], Junction] = {}
    for junction in junctions:
        assert junction.x_m is not None
        assert junction.y_m is not None
        first.setdefault((junction.x_m, junction.y_m), junction)
    places = shapely.points(np.array(list(first), dtype=float))
    around = shapely.buffer(places, source.limit_m, quad_segs=32)
    if len(first) > 1:
        cells = shapely.get_parts(
            shapely.voronoi_polygons(
                shapely.multipoints(places), ordered=True, extend_to=shapely.union_all(around)
            )
        )
        around = shapely.intersection(cells, around)
    soil = Horton(
        max_rate_mm_h=source.horton_max_mm_h, min_rate_mm_h=source.horton_min_mm_h,
        decay_per_h=source.horton_decay_per_h, drying_time_d=source.horton_drying_d,
    )  # fmt: skip
    found = []
    for junction, area in zip(first.values(), shapely.area(around), strict=True):
        if area < _SMALLEST_M2:
            findings.note("warning", "runoff", "no ground of its own", feature=junction.id)
            continue
        found.append(
            Subcatchment(
                id=f"ground-{junction.id}",
                gauge=GAUGE,
                outlet=junction.id,
                area_ha=float(area) / 1e4,
                width_m=math.sqrt(area),
                impervious_percent=source.impervious_percent,
                slope_percent=source.slope_percent,
                n_impervious=source.n_impervious,
                n_pervious=source.n_pervious,
                storage_impervious_mm=source.storage_impervious_mm,
                storage_pervious_mm=source.storage_pervious_mm,
                infiltration=soil,
                zone=junction.zone,
            )  # fmt: skip
        )
    for name, value in source.model_dump().items():
        findings.note("assumed", "runoff", f"{value:g} for all", column=name, amount=value)
    findings.note("assumed", "runoff", "flow width is the square root of the area", column="width")
    total = sum(one.area_ha for one in found)
    findings.note("derived", "runoff", f"{len(found)} subcatchments, hectares", amount=total)
    return found


def gauge() -> tuple[RainGauge, Series]:
    """Return the gauge of the subcatchments; its own series is dry: the scenario brings rain."""
    return (
        RainGauge(id=GAUGE, form="intensity", interval_s=3600.0, series=GAUGE),
        Series(id=GAUGE, points=((0.0, 0.0),)),
    )
