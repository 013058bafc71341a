"""Synthetic storm sewers of any size for the benchmarks, made from a few stated rules."""

from __future__ import annotations

import math

import numpy as np

from sim.drainage.elements import (
    Conduit,
    CrossSection,
    Horton,
    Junction,
    Outfall,
    RainGauge,
    Series,
    Subcatchment,
)  # fmt: skip
from sim.drainage.network import Network

SIZES_M = (0.4, 0.5, 0.6, 0.8, 1.0, 1.2, 1.5, 1.8, 2.0, 2.4)


def pipe_size(flow_m3s: float) -> tuple[float, int]:
    """Return the diameter in m and the number of pipes that carry a flow at a slope of 0.25 %."""
    per_pipe = 0.3117 * math.sqrt(0.0025) / 0.013  # Manning's flow of a full pipe of 1 m
    wanted_m = (flow_m3s / per_pipe) ** 0.375
    fitting = next((d for d in SIZES_M if d >= wanted_m), SIZES_M[-1])
    return fitting, max(math.ceil(flow_m3s / (per_pipe * fitting**2.667)), 1)


def grid_network(
    rows: int, columns: int, *, spacing_m: float = 100.0, river_m: float | None = None
) -> Network:
    """Return a grid of street junctions that drain row by row into a trunk along the first column.

    Ground falls 0.3 % towards the trunk and 0.2 % along it; pipes follow 1.5 m below, sized for
    60 L/s/ha, side by side where one of 2.4 m is too small; each junction ponds on 800 m2; every
    third row has a cross pipe, so there are loops; the storm is a triangle of 90 mm in three hours.

    Parameters
    ----------
    river_m : float, optional
        Level at the outfall; without it the outfall is free.
    """
    ground = np.add.outer(
        0.002 * spacing_m * np.arange(rows), 0.003 * spacing_m * np.arange(columns)
    )
    area_ha = spacing_m**2 / 1e4
    junctions, conduits, catchments = [], [], []

    def pipe(name: str, a: str, b: str, upstream: int) -> Conduit:
        diameter_m, barrels = pipe_size(0.06 * area_ha * upstream)
        return Conduit(
            id=name, from_node=a, to_node=b, length_m=spacing_m, roughness_n=0.013,
            barrels=barrels, section=CrossSection(kind="circular", depth_m=diameter_m),
        )  # fmt: skip

    for r in range(rows):
        for c in range(columns):
            invert = float(ground[r, c]) - 3.5 + 0.0005 * spacing_m * c
            junctions.append(
                Junction(
                    id=f"J{r}_{c}",
                    invert_m=invert,
                    max_depth_m=float(ground[r, c]) - invert,
                    ponded_area_m2=800.0,
                    x_m=c * spacing_m,
                    y_m=r * spacing_m,
                )  # fmt: skip
            )
            catchments.append(
                Subcatchment(
                    id=f"S{r}_{c}",
                    gauge="city",
                    outlet=f"J{r}_{c}",
                    area_ha=area_ha,
                    impervious_percent=65.0,
                    width_m=spacing_m,
                    slope_percent=0.3,
                    n_impervious=0.013,
                    n_pervious=0.2,
                    storage_impervious_mm=1.5,
                    storage_pervious_mm=5.0,
                    infiltration=Horton(
                        max_rate_mm_h=50.0, min_rate_mm_h=5.0, decay_per_h=4.0, drying_time_d=7.0
                    ),
                )  # fmt: skip
            )
            if c:
                upstream = columns - c
                conduits.append(pipe(f"R{r}_{c}", f"J{r}_{c}", f"J{r}_{c - 1}", upstream))
            elif r:
                upstream = columns * (rows - r)
                conduits.append(pipe(f"T{r}", f"J{r}_0", f"J{r - 1}_0", upstream))
            if r and c and r % 3 == 0 and c % 4 == 0:
                conduits.append(pipe(f"X{r}_{c}", f"J{r}_{c}", f"J{r - 1}_{c}", 4))
    low = float(ground[0, 0]) - 3.8
    outfall = Outfall(
        id="OUT", invert_m=low, boundary="free" if river_m is None else "fixed",
        stage_m=river_m, x_m=-spacing_m, y_m=0.0,
    )  # fmt: skip
    conduits.append(pipe("OUTLET", "J0_0", "OUT", rows * columns))
    minutes = np.arange(0, 185, 5)
    rain = 60.0 * np.clip(1.0 - np.abs(minutes - 75.0) / 90.0, 0.0, None)
    return Network(
        junctions=tuple(junctions),
        outfalls=(outfall,),
        conduits=tuple(conduits),
        subcatchments=tuple(catchments),
        gauges=(RainGauge(id="city", form="intensity", interval_s=300.0, series="storm"),),
        series=(
            Series(
                id="storm",
                points=tuple((60.0 * m, float(v)) for m, v in zip(minutes, rain, strict=True)),
            ),
        ),
    )
