"""Key figures of a drainage run, computed from its record alone.

Recession is counted from the end of the rain. Three figures per zone: when the last point falls
under the waterlogging depth; when 95 % of the zone's largest ponded volume is gone; and the mean
over the points that were waterlogged, weighted by their ponding area. A point that is still
waterlogged at the end of the run makes the answer "not drained", never the horizon. While it still
rains at the end of the run there is nothing to count from: the answer is "raining", or "dry" where
nothing was waterlogged.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from sim.drainage.elements import Junction, Zone
from sim.drainage.network import Network
from sim.kernel.recorder import Record
from sim.kernel.system import Kpi, KpiDefinition, Label

Floats = NDArray[np.float64]
VOLUME_LEFT = 0.05  # of the largest ponded volume: recession by volume ends here
EVERYWHERE = "all"  # the zone of a network that has none


@dataclass(frozen=True)
class Point:
    """A place that can be waterlogged: a junction that ponds."""

    id: str
    zone: str
    area_m2: float  # ponding area at the waterlogging depth


def ponding_points(network: Network, waterlogged_depth_m: float) -> list[Point]:
    """Return the junctions that pond, with the area they pond at the waterlogging depth."""
    curves = {c.id: c.points for c in network.curves}
    points = []
    for junction in network.junctions:
        area = _pond_area_m2(junction, curves, waterlogged_depth_m)
        if area is not None:
            points.append(Point(junction.id, junction.zone or EVERYWHERE, area))
    return points


def _pond_area_m2(
    junction: Junction, curves: Mapping[str, Sequence[tuple[float, float]]], depth_m: float
) -> float | None:
    if junction.ponding_curve is not None:
        depth, area = np.array(curves[junction.ponding_curve], dtype=float).T
        return float(np.interp(depth_m, depth, area))
    return junction.ponded_area_m2 if junction.ponded_area_m2 > 0 else None


def waterlogged_spells(record: Record) -> dict[str, list[tuple[float, float]]]:
    """Return, by point, the (start, end) seconds of each spell above the waterlogging depth.

    A spell that is still open at the horizon ends at infinity.
    """
    events = record.events
    mine = events[events["kind"].isin(("waterlogged", "drained"))].sort_values(
        "time_s", kind="stable"
    )
    spells: dict[str, list[tuple[float, float]]] = defaultdict(list)
    for kind, entity, time_s in zip(mine["kind"], mine["entity"], mine["time_s"], strict=True):
        if kind == "waterlogged":
            spells[entity].append((time_s, math.inf))
        else:
            start, _ = spells[entity].pop()
            spells[entity].append((start, time_s))
    return dict(spells)


def rain_end_s(record: Record, horizon_s: float) -> float:
    """Return when the last rain stopped, s: 0 when there was none, the horizon if it goes on."""
    last = _last_rain(record)
    if not len(last):
        return 0.0
    return horizon_s if rains_to_the_end(record) else float(last["time_s"].max())


def rains_to_the_end(record: Record) -> bool:
    """Return whether it still rained when the run ended: then no recession can be counted."""
    return bool((_last_rain(record)["kind"] == "rain_block").any())


def _last_rain(record: Record) -> pd.DataFrame:
    events = record.events
    rain = events[events["kind"].isin(("rain_block", "rain_end"))]
    return rain.groupby("entity", sort=True).tail(1)


def volume_recession_s(time_s: Floats, volume_m3: Floats, rain_end: float) -> float:
    """Return the seconds from the end of rain until 95 % of the largest volume is gone for good.

    Infinity when it is not gone by the last sample; NaN when nothing ever ponded.
    """
    peak = float(volume_m3.max(initial=0.0))
    if peak <= 0.0:
        return math.nan
    limit = VOLUME_LEFT * peak
    above = np.flatnonzero(volume_m3 > limit)
    last = int(above[-1])
    if last == len(volume_m3) - 1:
        return math.inf
    drop = volume_m3[last] - volume_m3[last + 1]
    part = (volume_m3[last] - limit) / drop
    moment = time_s[last] + part * (time_s[last + 1] - time_s[last])
    return max(float(moment) - rain_end, 0.0)


def _recession(name: str, zone: str, seconds: float, limit_h: float | None, raining: bool) -> Kpi:
    if math.isnan(seconds) or raining:
        status = "dry" if math.isnan(seconds) else "raining"
        return Kpi(name=name, entity=zone, value=None, unit="h", limit=limit_h, status=status)
    if math.isinf(seconds):
        return Kpi(
            name=name, entity=zone, value=None, unit="h", limit=limit_h, status="not_drained"
        )
    hours = seconds / 3600.0
    over = limit_h is not None and hours > limit_h
    status = "over_limit" if over else "ok"
    return Kpi(name=name, entity=zone, value=hours, unit="h", limit=limit_h, status=status)


def drainage_kpis(
    record: Record, points: Sequence[Point], zones: Sequence[Zone], horizon_s: float
) -> list[Kpi]:
    """Return the key figures of a run (see the module's text for the definitions).

    Parameters
    ----------
    record : Record
        Events ``waterlogged``, ``drained``, ``rain_end``, ``peak_depth``; series ``ponded_volume``
        (by zone and ``total``) and ``ponded_depth``.
    points : sequence of Point
        From `ponding_points`.
    zones : sequence of Zone
        Empty for a network without zones: then there is one zone, ``all``, without a limit.
    horizon_s : float
        Length of the run.
    """
    spells = waterlogged_spells(record)
    end, raining = rain_end_s(record, horizon_s), rains_to_the_end(record)
    limits: dict[str, float | None] = {z.id: z.allowed_recession_h for z in zones}
    for point in points:
        limits.setdefault(point.zone, None)

    kpis: list[Kpi] = []
    volume = record.series[("drainage", "ponded_volume")]
    for zone, limit_h in limits.items():
        in_zone = [p for p in points if p.zone == zone]
        wet = {p: max(spells[p.id][-1][1] - end, 0.0) for p in in_zone if p.id in spells}
        last = max(wet.values(), default=math.nan)
        weight = sum(p.area_m2 for p in wet)
        mean = sum(p.area_m2 * s for p, s in wet.items()) / weight if wet else math.nan
        column = volume.values[:, volume.entities.index(zone)]
        gone = volume_recession_s(volume.time_s, column, end)
        kpis.append(_recession("recession_last_point_h", zone, last, limit_h, raining))
        kpis.append(_recession("recession_volume_h", zone, gone, limit_h, raining))
        kpis.append(_recession("recession_mean_h", zone, mean, limit_h, raining))

    total = volume.values[:, volume.entities.index("total")]
    kpis.append(_plain("ponded_volume_max_m3", "", float(total.max(initial=0.0)), "m3"))
    kpis.append(_plain("flooded_points", "", float(len(spells)), ""))
    ponded = record.series[("drainage", "ponded_depth")]
    step_h = np.diff(ponded.time_s) / 3600.0
    sums = ponded.values.sum(axis=1)
    kpis.append(
        _plain("depth_hours", "", float(np.sum((sums[1:] + sums[:-1]) / 2.0 * step_h)), "m h")
    )
    for name in sorted(spells):
        lasted = sum(min(b, horizon_s) - a for a, b in spells[name]) / 3600.0
        status = "not_drained" if math.isinf(spells[name][-1][1]) else "ok"
        kpis.append(Kpi(name="waterlogged_h", entity=name, value=lasted, unit="h", status=status))
    peaks = record.events[record.events["kind"] == "peak_depth"]
    for entity, value in sorted(zip(peaks["entity"], peaks["value"], strict=True)):
        kpis.append(_plain("max_depth_m", entity, float(value), "m"))
    return kpis


def _plain(name: str, entity: str, value: float, unit: str) -> Kpi:
    return Kpi(name=name, entity=entity, value=value, unit=unit)


DEFINITIONS = (
    KpiDefinition(
        name="recession_last_point_h",
        label=Label(en="Recession, last point", zh="退水时间(最后积水点)", unit="h"),
        better="lower",
        description=Label(
            en="From the end of rain until the zone's last point is under the waterlogging depth",
            zh="雨停至分区内最后一个积水点水深降至内涝阈值以下的时间",
        ),
    ),
    KpiDefinition(
        name="recession_volume_h",
        label=Label(en="Recession, 95 % of volume", zh="退水时间(退去95%积水量)", unit="h"),
        better="lower",
        description=Label(
            en="From the end of rain until 95 % of the zone's largest ponded volume is gone",
            zh="雨停至分区最大积水量退去95%的时间",
        ),
    ),
    KpiDefinition(
        name="recession_mean_h",
        label=Label(en="Recession, area-weighted mean", zh="退水时间(面积加权平均)", unit="h"),
        better="lower",
        description=Label(
            en="Mean over the zone's waterlogged points, weighted by their ponding area",
            zh="分区内各积水点退水时间按积水面积加权的平均值",
        ),
    ),
    KpiDefinition(
        name="ponded_volume_max_m3",
        label=Label(en="Largest ponded volume", zh="最大积水量", unit="m3"),
        better="lower",
        description=Label(
            en="Most water above the rims at one time", zh="同一时刻地面积水总量的最大值"
        ),
    ),
    KpiDefinition(
        name="flooded_points",
        label=Label(en="Waterlogged points", zh="积水点数"),
        better="lower",
        description=Label(
            en="Points that were above the waterlogging depth at any time",
            zh="水深曾超过内涝阈值的点数",
        ),
    ),
    KpiDefinition(
        name="depth_hours",
        label=Label(en="Depth-hours", zh="积水深时", unit="m h"),
        better="lower",
        description=Label(
            en="Ponded depth integrated over time, summed over all points",
            zh="各点积水深度对时间的积分之和",
        ),
    ),
    KpiDefinition(
        name="waterlogged_h",
        label=Label(en="Time waterlogged", zh="积水历时", unit="h"),
        better="lower",
        description=Label(
            en="Time a point spent above the waterlogging depth",
            zh="该点水深超过内涝阈值的累计时间",
        ),
    ),
    KpiDefinition(
        name="max_depth_m",
        label=Label(en="Largest ponded depth", zh="最大积水深度", unit="m"),
        better="lower",
        description=Label(en="Largest depth above the rim at a point", zh="该点地面以上最大水深"),
    ),
)
