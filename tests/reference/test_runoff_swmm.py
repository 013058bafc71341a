"""Runoff beside SWMM 5.2 on one small file: every infiltration method, every way of routing.

SWMM integrates with steps of its own and passes water on with a step's delay, so both run at
15 s; its reported flow is the instantaneous one, compared here with the mean over each minute.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pytest

from sim.drainage.elements import (
    CurveNumber,
    GreenAmpt,
    Horton,
    Junction,
    RainGauge,
    Series,
    Subcatchment,
)  # fmt: skip
from sim.drainage.network import Network
from sim.drainage.rainfall import from_series
from sim.drainage.runoff import Runoff
from sim.drainage.swmm.engine import run_swmm

STEP_S = 15.0
HOURS = 24
# mm/h every ten minutes: a shower, a storm, a long gap with drizzle in it, a second storm.
STORM = Series(
    id="R",
    points=tuple(
        (600.0 * k, rain)
        for k, rain in (
            (0, 6.0), (1, 6.0), (2, 18.0), (3, 42.0), (4, 96.0), (5, 60.0), (6, 24.0), (7, 9.0),
            (8, 3.0), (40, 2.0), (41, 2.0), (72, 30.0), (73, 72.0), (74, 48.0), (75, 12.0),
        )
    ),
)  # fmt: skip
GAUGE = RainGauge(id="G", form="intensity", interval_s=600.0, series="R")


@dataclass(frozen=True)
class Case:
    """A subcatchment, and the smallest NSE and largest relative gaps of volume and peak."""

    subcatchment: Subcatchment
    nse: float = 0.99975
    volume: float = 0.003
    peak: float = 0.003


def case(name: str, soil: Horton | GreenAmpt | CurveNumber, **changes: object) -> Case:
    values: dict[str, object] = {
        "id": name, "gauge": "G", "outlet": "J", "area_ha": 3.0, "impervious_percent": 40.0,
        "width_m": 250.0, "slope_percent": 0.8, "n_impervious": 0.014, "n_pervious": 0.12,
        "storage_impervious_mm": 1.5, "storage_pervious_mm": 4.0, "infiltration": soil,
    }  # fmt: skip
    return Case(Subcatchment.model_validate(values | changes))


HORTON = Horton(max_rate_mm_h=60.0, min_rate_mm_h=4.0, decay_per_h=3.0, drying_time_d=3.0)
GREEN = GreenAmpt(suction_head_mm=110.0, conductivity_mm_h=5.0, initial_deficit=0.22)
CASES = [
    case("horton", HORTON),
    case("horton_limited", HORTON.model_copy(update={"max_volume_mm": 20.0})),
    case("modified_horton", HORTON.model_copy(update={"method": "modified_horton"})),
    case("green_ampt", GREEN),
    case("modified_green_ampt", GREEN.model_copy(update={"method": "modified_green_ampt"})),
    case("curve_number", CurveNumber(curve_number=82.0, drying_time_d=4.0)),
    case("paved", HORTON, impervious_percent=100.0),
    case("paved_bare", HORTON, impervious_percent=100.0, zero_storage_percent=100.0),
    case("unpaved", GREEN, impervious_percent=0.0),
    case("over_grass", HORTON, route_to="pervious", routed_percent=60.0),
    case("over_paving", HORTON, route_to="impervious", routed_percent=50.0),
    case("steep_small", HORTON, area_ha=0.2, width_m=100.0, slope_percent=4.0),
    case("upper", HORTON, outlet="lower"),
    case("lower", GREEN),
]


def input_text() -> str:
    lines = [
        "[OPTIONS]", "FLOW_UNITS LPS", "INFILTRATION HORTON", "FLOW_ROUTING KINWAVE",
        "START_DATE 06/01/2020", "END_DATE 06/02/2020", "REPORT_STEP 00:01:00",
        "WET_STEP 00:00:15", "DRY_STEP 00:00:15", "ROUTING_STEP 60", "THREADS 1",
        "[RAINGAGES]", "G INTENSITY 0:10 1.0 TIMESERIES R",
        "[SUBCATCHMENTS]",
    ]  # fmt: skip
    subcatchments = [c.subcatchment for c in CASES]
    lines += [
        f"{s.id} G {s.outlet} {s.area_ha} {s.impervious_percent} {s.width_m} {s.slope_percent} 0"
        for s in subcatchments
    ]
    lines.append("[SUBAREAS]")
    lines += [
        f"{s.id} {s.n_impervious} {s.n_pervious} {s.storage_impervious_mm} "
        f"{s.storage_pervious_mm} {s.zero_storage_percent} {s.route_to.upper()} {s.routed_percent}"
        for s in subcatchments
    ]
    lines.append("[INFILTRATION]")
    for s in subcatchments:
        soil = s.infiltration
        if isinstance(soil, Horton):
            numbers = (soil.max_rate_mm_h, soil.min_rate_mm_h, soil.decay_per_h,
                       soil.drying_time_d, soil.max_volume_mm)  # fmt: skip
        elif isinstance(soil, GreenAmpt):
            numbers = (soil.suction_head_mm, soil.conductivity_mm_h, soil.initial_deficit)
        else:
            numbers = (soil.curve_number, 0.0, soil.drying_time_d)
        lines.append(f"{s.id} {' '.join(map(str, numbers))} {soil.method.upper()}")
    lines += ["[JUNCTIONS]", "J 1 5 0 0 0", "[OUTFALLS]", "O 0 FREE NO",
              "[CONDUITS]", "L J O 100 0.013 0 0 0 0", "[XSECTIONS]", "L CIRCULAR 3 0 0 0 1",
              "[TIMESERIES]"]  # fmt: skip
    # Every ten minutes has its entry, because SWMM holds a value for the interval only.
    lines += [f"R {int(t // 3600)}:{int(t % 3600 // 60):02d} {v}" for t, v in STORM.points]
    return "\n".join([*lines, "[REPORT]", "SUBCATCHMENTS ALL"])


@pytest.fixture(scope="module")
def flows(tmp_path_factory: pytest.TempPathFactory) -> tuple[np.ndarray, np.ndarray]:
    """Mean runoff of every minute, m3/s: ours and SWMM's, each (T, S)."""
    file = tmp_path_factory.mktemp("runoff") / "r.inp"
    file.write_text(input_text(), encoding="utf-8")
    reference = run_swmm(file)
    assert list(reference.subcatchment_ids) == [c.subcatchment.id for c in CASES]
    at = np.vstack((np.zeros(len(CASES)), reference.subcatchment_runoff_m3s))
    swmm = 0.5 * (at[1:] + at[:-1])

    network = Network(junctions=(Junction(id="J", invert_m=0.0),),
                      subcatchments=tuple(c.subcatchment for c in CASES))  # fmt: skip
    model = Runoff(network, {"J": 0})
    rain = from_series(GAUGE, STORM)
    ours = []
    for k in range(round(HOURS * 3600 / STEP_S)):
        intensity = rain.mean_mm_h(k * STEP_S, (k + 1) * STEP_S)
        model.step(np.full(len(CASES), intensity), STEP_S)
        ours.append(model.runoff_m3s.copy())
    totals = model.totals()
    assert abs(totals.error()) < 1e-12 * totals.rain
    per_minute = np.array(ours).reshape(len(swmm), -1, len(CASES)).mean(axis=1)
    return per_minute, swmm


@pytest.mark.parametrize("i", range(len(CASES)), ids=[c.subcatchment.id for c in CASES])
def test_runoff_is_that_of_swmm(i: int, flows: tuple[np.ndarray, np.ndarray]) -> None:
    ours, swmm = flows[0][:, i], flows[1][:, i]
    nse = 1.0 - np.sum((ours - swmm) ** 2) / np.sum((swmm - swmm.mean()) ** 2)
    assert nse > CASES[i].nse
    assert ours.sum() == pytest.approx(swmm.sum(), rel=CASES[i].volume)
    assert ours.max() == pytest.approx(swmm.max(), rel=CASES[i].peak)
