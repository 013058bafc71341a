"""Two finished runs made by hand: a small town, a storm, with and without a channel.

The depths follow a formula instead of a simulation, so that tests of charts and pages know what
they must show and run in no time.
"""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

import numpy as np

from scenarios.charts.run_view import RunView
from sim.drainage.elements import Conduit, CrossSection, Junction, Outfall, Work, Zone
from sim.drainage.network import Network
from sim.kernel.recorder import Record, Recorder
from sim.kernel.system import Kpi, Label

COLUMNS, ROWS, SPACING_M = 8, 6, 300.0
RAIN_END_S = 6 * 3600.0
HORIZON_S = 48 * 3600.0
START = datetime(2021, 7, 20, 8, tzinfo=ZoneInfo("Asia/Shanghai"))
ZONES = (
    Zone(id="Z1", name_en="Old town", name_zh="老城区", kind="centre", allowed_recession_h=3.0),
    Zone(id="Z2", name_en="Station", name_zh="火车站", kind="hub", allowed_recession_h=0.5),
    Zone(id="Z3", name_en="East <b>side</b>", name_zh="东部<b>", kind="elsewhere",
         allowed_recession_h=4.0),
)  # fmt: skip
LABELS = {
    "water": Label("Water", "水量", "m3"),
    "rain": Label("Rain on the catchment", "流域降雨", "m3"),
    "outfalls": Label("Outfalls", "排口出流", "m3"),
    "stored": Label("In pipes and on streets", "管渠与路面蓄水", "m3"),
    "ponded_volume_max_m3": Label("Largest ponded volume", "最大积水量", "m3"),
    "flooded_points": Label("Flooded points", "积水点数", ""),
}


def node_id(column: int, row: int) -> str:
    return f"J{row}{column}"


def network() -> Network:
    """A grid of streets over sewers, one outfall, one work and one channel."""
    junctions, conduits = [], []
    round_pipe = CrossSection(kind="circular", depth_m=1.0)
    road = CrossSection(kind="rect_open", depth_m=0.5, width_m=12.0)
    for row in range(ROWS):
        for column in range(COLUMNS):
            zone = "Z1" if column < 3 else "Z2" if column < 5 else "Z3"
            junctions.append(
                Junction(id=node_id(column, row), invert_m=60.0 - column, max_depth_m=3.0,
                         x_m=column * SPACING_M, y_m=row * SPACING_M, zone=zone)
            )  # fmt: skip
            for dc, dr in ((1, 0), (0, 1)):
                if column + dc < COLUMNS and row + dr < ROWS:
                    a, b = node_id(column, row), node_id(column + dc, row + dr)
                    conduits += [
                        Conduit(id=f"S{a}{b}", from_node=a, to_node=b, length_m=SPACING_M,
                                roughness_n=0.013, section=round_pipe),
                        Conduit(id=f"T{a}{b}", from_node=a, to_node=b, length_m=SPACING_M,
                                roughness_n=0.02, section=road, level="street"),
                    ]  # fmt: skip
    conduits += [
        Conduit(id="C1", from_node=node_id(1, 2), to_node="OUT", length_m=2000.0, work="W1",
                roughness_n=0.03, section=road, level="channel"),
        Conduit(id="P1", from_node=node_id(2, 5), to_node=node_id(5, 5), length_m=900.0, work="W2",
                roughness_n=0.013, section=round_pipe),
    ]  # fmt: skip
    return Network(
        junctions=tuple(junctions),
        outfalls=(
            Outfall(id="OUT", invert_m=50.0, x_m=COLUMNS * SPACING_M, y_m=600.0),
        ),
        conduits=tuple(conduits),
        zones=ZONES,
        works=(
            Work(id="W1", name_en="South channel", name_zh="南行泄通道", kind="channel",
                 cost_million_cny=30.0),
            Work(id="W2", name_en="Trunk sewer", name_zh="干管", kind="work",
                 cost_million_cny=80.0),
        ),
    )  # fmt: skip


def record(factor: float) -> Record:
    """Depths in proportion to `factor`, falling exponentially once the rain ends."""
    nodes = [n.id for n in network().junctions]
    time_s = np.arange(0.0, HORIZON_S + 1, 600.0)
    recorder = Recorder()
    depth = recorder.series("drainage", "ponded_depth", "m", nodes)
    rain = recorder.series("drainage", "rain", "mm/h", ["G1"])
    stage = recorder.series("drainage", "stage", "m", ["OUT"])
    peaks = np.linspace(0.0, 0.9, len(nodes)) * factor
    for t in time_s:
        rise = min(t / RAIN_END_S, 1.0) ** 2
        fall = np.exp(-max(t - RAIN_END_S, 0.0) / (8 * 3600.0 * factor))
        depth.append(t, peaks * rise * fall)
        rain.append(t, [40.0 * np.sin(np.pi * t / RAIN_END_S) if t < RAIN_END_S else 0.0])
        stage.append(t, [97.9 + 2.5 * np.exp(-(((t - 20 * 3600) / 30000.0) ** 2))])
    recorder.event(0.0, "drainage", "rain_block", "G1", 40.0)
    recorder.event(RAIN_END_S, "drainage", "rain_end")
    ledger = recorder.ledger("water", "m3")
    ledger.inflow("rain", 1_234_567.8)
    ledger.outflow("outfalls", 1_234_000.0)
    ledger.closing("stored", 567.8)
    return recorder.record()


def kpis(last: tuple[float | None, float | None, float | None], volume_m3: float) -> list[Kpi]:
    """Recession of the three zones (none: not drained; 0: dry) and two whole-city figures."""
    found = []
    for zone, hours in zip(ZONES, last, strict=True):
        for name, share in (
            ("recession_last_point_h", 1.0),
            ("recession_volume_h", 0.8),
            ("recession_mean_h", 0.5),
        ):
            limit = zone.allowed_recession_h
            if hours is None:
                value, status = None, "not_drained"
            elif hours == 0.0:
                value, status = None, "dry"
            else:
                value = hours * share
                status = "ok" if value <= limit else "over_limit"
            found.append(
                Kpi(name=name, entity=zone.id, value=value, unit="h", limit=limit, status=status)
            )
    found += [
        Kpi(name="ponded_volume_max_m3", entity="", value=volume_m3, unit="m3"),
        Kpi(name="flooded_points", entity="", value=volume_m3 / 1000, unit=""),
    ]
    return found


def before() -> RunView:
    """The town without works: two zones too slow, one not drained at all."""
    return RunView(
        scenario="town-before",
        title={"en": "Town, before the works", "zh": "小城，工程建设前"},
        record=record(1.0),
        kpis=kpis((26.0, 5.5, None), 41_000.0),
        start=START,
        network=network(),
        labels=LABELS,
        facts={"seed": "1", "hash": "aaaa", "code": "0.1.0", "engine": "native", "run": "R1"},
    )


def after() -> RunView:
    """The town with channel and trunk sewer: one zone dry, one within its limit."""
    return RunView(
        scenario="town-works",
        title={"en": "Town, with the works", "zh": "小城，工程建成后"},
        record=record(0.45),
        kpis=kpis((2.0, 0.0, 9.5), 12_500.0),
        start=START,
        network=network(),
        works=frozenset({"W1", "W2"}),
        labels=LABELS,
        facts={"seed": "1", "hash": "bbbb", "code": "0.1.0", "engine": "native", "run": "R2"},
    )
