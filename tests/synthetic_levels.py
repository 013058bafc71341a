"""The two synthetic runs with what a profile, hydrographs, a Gantt and a table of runs need.

Levels, flows and spells follow formulas, so a figure can be held against them.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from scenarios.charts.run_view import RunView
from sim.kernel.recorder import Recorder
from tests.synthetic_runs import HORIZON_S, RAIN_END_S, after, before, network

STEP_S = 600.0
HOUR_S = 3600.0
#: Spells above the waterlogging depth in the run before the works: node, start h, end h.
SPELLS = (("J57", 4.0, 30.0), ("J44", 5.0, 9.0), ("J44", 12.0, 14.5), ("J12", 5.5, 6.5))
#: Still waterlogged when the run ends.
OPEN_SPELL = ("J33", 6.0)


def node_depth_m(factor: float, place: int, time_s: float) -> float:
    """Depth at the node with that place in the network, m."""
    return factor * (0.2 + 0.05 * place * np.exp(-(((time_s - RAIN_END_S) / 7200.0) ** 2)))


def link_flow_m3s(factor: float, place: int, time_s: float) -> float:
    """Flow in the link with that place in the network, m3/s."""
    return factor * (place % 7) * np.sin(np.pi * min(time_s / (2 * RAIN_END_S), 1.0))


def with_levels(view: RunView, factor: float, spells: bool) -> RunView:
    """A synthetic run, with levels and flows everywhere and, if asked, spells."""
    city = network().built(view.works)
    nodes, links = [n.id for n in city.nodes], [x.id for x in city.links]
    recorder = Recorder()
    depth = recorder.series("drainage", "node_depth", "m", nodes)
    flow = recorder.series("drainage", "link_flow", "m3/s", links)
    outflow = recorder.series("drainage", "outfall_flow", "m3/s", ["OUT"])
    volume = recorder.series("drainage", "ponded_volume", "m3", ["Z1", "Z2", "Z3", "total"])
    for t in np.arange(0.0, HORIZON_S + 1, STEP_S).tolist():
        depth.append(t, [node_depth_m(factor, i, t) for i in range(len(nodes))])
        flow.append(t, [link_flow_m3s(factor, j, t) for j in range(len(links))])
        outflow.append(t, [10.0 * factor * np.exp(-t / HORIZON_S)])
        zone = 1000.0 * factor * np.exp(-(((t - RAIN_END_S) / 9000.0) ** 2))
        volume.append(t, [zone, zone, zone, 3 * zone])
    recorder.event(0.0, "drainage", "rain_block", "G1", 40.0)
    for node, start_h, end_h in SPELLS if spells else ():
        recorder.event(start_h * HOUR_S, "drainage", "waterlogged", node)
        recorder.event(end_h * HOUR_S, "drainage", "drained", node)
    if spells:
        recorder.event(OPEN_SPELL[1] * HOUR_S, "drainage", "waterlogged", OPEN_SPELL[0])
    recorder.event(RAIN_END_S, "drainage", "rain_end", "G1")
    made = recorder.record()
    series = {**view.record.series, **made.series}
    return replace(view, record=replace(made, series=series, ledgers=view.record.ledgers))


def before_with_levels() -> RunView:
    """The town without works, with spells."""
    return replace(
        with_levels(before(), 1.0, True), parameters={"works": "none", "rain": 1.0, "seed": 1}
    )


def after_with_levels() -> RunView:
    """The town with works, never waterlogged."""
    return replace(
        with_levels(after(), 0.45, False), parameters={"works": "all", "rain": 1.0, "seed": 1}
    )
