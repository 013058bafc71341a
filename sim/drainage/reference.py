"""A whole run by EPA SWMM, as a record of the same form: the reference for the native engine."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from sim.drainage.elements import Outfall, RainGauge, Series
from sim.drainage.forcing import RainBlocks
from sim.drainage.hyetograph import Hyetograph
from sim.drainage.inputs import DrainageInputs
from sim.drainage.kpis import EVERYWHERE
from sim.drainage.network import Network
from sim.drainage.plant import build_plant, pond_volume_m3
from sim.drainage.reference_rules import scenario_rules
from sim.drainage.reference_trucks import truck_jobs, with_trucks, without_trucks
from sim.drainage.swmm import REFERENCE_OPTIONS, SwmmResult, run_swmm, write_inp
from sim.kernel.clock import Clock
from sim.kernel.errors import InputError
from sim.kernel.recorder import Record, Recorder, SeriesTable
from sim.kernel.signals import Signals
from sim.kernel.streams import Streams
from sim.kernel.system import Run

Floats = NDArray[np.float64]

_RAIN_STEP_S = 60.0  # SWMM's gauges record at one interval; blocks are averaged over it


def run_reference(
    inputs: DrainageInputs,
    record: Record | None,
    horizon_s: float,
    start: datetime,
    on_solved: Callable[[float], None] | None = None,
) -> Record:
    """Run the network of `inputs` in SWMM, for the whole horizon, in a process of its own.

    Parameters
    ----------
    record : Record, optional
        A run of the same inputs: SWMM then gets that run's inflows to the nodes instead of rain
        and subcatchments, and its pump failures, power cuts and gate operations, so that only the
        hydraulics differ.
    on_solved : callable, optional
        Told the CPU seconds of SWMM's solver.

    Raises
    ------
    InputError
        The network holds something SWMM cannot represent.
    sim.drainage.swmm.SwmmError
        SWMM refused the file or failed.
    """
    clock = Clock(start)
    run = Run(clock, Streams(0, 0), Recorder(), Signals(clock.env), horizon_s)
    seconds = _simulate(inputs, record, run)
    if on_solved is not None:
        on_solved(seconds)
    while clock.env.peek() <= horizon_s:
        clock.env.step()
    return run.recorder.record()


def start_reference(inputs: DrainageInputs, run: Run) -> None:
    """Run SWMM in place of the native engine, from its own rain and runoff.

    SWMM runs to the end at once, so other systems do not see its streets.
    """
    _simulate(inputs, None, run)


def export_network(
    inputs: DrainageInputs, horizon_s: float, record: Record | None = None
) -> Network:
    """Return the network with the scenario's rain, stages and hand settings as its own.

    With the record of a run, the failures of its pumps as well.
    """
    network = inputs.network
    gauges, series = [], list(network.series)
    for name, hyetograph in inputs.rain.items():
        gauges.append(
            RainGauge(id=name, form="intensity", interval_s=_RAIN_STEP_S, series=f"{name}:rain")
        )
        series.append(Series(id=f"{name}:rain", points=_gauge_points(hyetograph, horizon_s)))
    outfalls = {outfall.id: outfall for outfall in network.outfalls}
    for k, (knots, names) in enumerate(inputs.stages):
        points = _within(knots, horizon_s)
        series.append(Series(id=f"stage:{k}", points=points))
        for name in names:
            outfalls[name] = outfalls[name].model_copy(
                update={"boundary": "series", "stage_series": f"stage:{k}", "stage_m": None}
            )
    return network.model_copy(
        update={
            "gauges": tuple(gauges),
            "series": _used(network, gauges, outfalls, series),
            "outfalls": tuple(outfalls.values()),
            "rules": (*network.rules, *scenario_rules(inputs, record, _rule_step_s(inputs))),
        }
    )


def _rule_step_s(inputs: DrainageInputs) -> float:
    options = inputs.swmm_options or REFERENCE_OPTIONS
    return max(options.routing_step_s, options.rule_step_s)


def _used(
    network: Network,
    gauges: list[RainGauge],
    outfalls: Mapping[str, Outfall],
    series: list[Series],
) -> tuple[Series, ...]:
    used = {gauge.series for gauge in gauges} | {o.stage_series for o in outfalls.values()}
    used |= {inflow.series for inflow in network.inflows}
    used |= {a.series for rule in network.rules for a in (*rule.then, *rule.otherwise)}
    return tuple(s for s in series if s.id in used)


def _gauge_points(rain: Hyetograph, horizon_s: float) -> tuple[tuple[float, float], ...]:
    first = np.floor(max(rain.start_s, 0.0) / _RAIN_STEP_S) * _RAIN_STEP_S
    starts = np.arange(first, min(rain.end_s, horizon_s), _RAIN_STEP_S)
    if not starts.size:
        return ((0.0, 0.0),)
    return tuple((float(s), rain.mean_mm_h(s, s + _RAIN_STEP_S)) for s in starts)


def _within(
    knots: tuple[tuple[float, float], ...], end_s: float
) -> tuple[tuple[float, float], ...]:
    """Return the knots of a piecewise linear level between 0 and `end_s`, the ends added."""
    time_s, level = np.array(knots, dtype=float).T
    grid = np.unique(np.concatenate(([0.0], time_s[(time_s > 0) & (time_s < end_s)], [end_s])))
    return tuple((float(t), float(np.interp(t, time_s, level))) for t in grid)


# --- run and record -----------------------------------------------------------------------------


def _simulate(inputs: DrainageInputs, record: Record | None, run: Run) -> float:
    network = export_network(inputs, run.horizon_s, record)
    options = inputs.swmm_options
    if options is not None and len(network.rules) > len(inputs.network.rules):
        options = replace(options, rule_step_s=0.0)  # else levels switch between the rules
    lateral: dict[str, Series] | None = None
    if inputs.spec.pump_failures is not None and record is None:
        raise InputError(
            "SWMM has no random pump failures",
            where="drainage.pump_failures",
            expected="none with engine 'swmm'",
            hint="run the native engine and compare with 'cityclock verify'",
        )
    if inputs.emergency is not None and record is None:
        raise InputError(
            "SWMM has no pump trucks",
            where="drainage.emergency",
            expected="none with engine 'swmm'",
            hint="run the native engine and compare with 'cityclock verify'",
        )
    if record is not None:
        jobs = truck_jobs(record, run.horizon_s)
        lateral = _lateral(without_trucks(record.series["drainage", "lateral_inflow"], jobs))
        network = with_trucks(network.model_copy(update={"inflows": ()}), jobs, inputs.emergency)
        if jobs and options is not None:
            options = replace(options, rule_step_s=0.0)
    with tempfile.TemporaryDirectory(prefix="cityclock-") as folder:
        inp = Path(folder) / "run.inp"
        write_inp(
            network, inp, start=run.clock.start, duration_s=run.horizon_s,
            report_step_s=inputs.spec.report_step_s, lateral_inflows=lateral,
            use_subcatchments=record is None, options=options,
        )  # fmt: skip
        result = run_swmm(inp, timeout_s=3600.0)
    _record(inputs, network, result, run)
    return result.elapsed_s


def _lateral(table: SeriesTable) -> dict[str, Series]:
    """Return the inflow of every node as steps, each the mean of its report interval."""
    inflows = {}
    for k, name in enumerate(table.entities):
        values = table.values[:, k]
        if not values.any():
            continue
        points: list[tuple[float, float]] = []
        for before, now, value in zip(table.time_s, table.time_s[1:], values[1:], strict=False):
            points += [(float(before) + 1.0, float(value)), (float(now), float(value))]
        inflows[name] = Series(id=f"{name}:inflow", points=tuple(points))
    return inflows


def _record(inputs: DrainageInputs, network: Network, result: SwmmResult, run: Run) -> None:
    recorder, nodes, links = run.recorder, network.nodes, network.links
    # the events of the rain are the same whoever computes the runoff
    RainBlocks(inputs.rain, run.clock, recorder, run.horizon_s)
    time_s = np.concatenate(([0.0], result.time_s))

    def columns(
        values: Floats, ids: list[str], known: tuple[str, ...], first: Floats | None = None
    ) -> Floats:
        """Put a row for the start before SWMM's first."""
        picked = values[:, [known.index(name) for name in ids]]
        return np.vstack((picked[:1] * 0.0 if first is None else first, picked))

    node_ids, link_ids = [n.id for n in nodes], [link.id for link in links]
    depth = columns(result.node_depth_m, node_ids, result.node_ids, _first_depth_m(network))
    initial = np.array([getattr(link, "initial_flow_m3s", 0.0) for link in links])
    flow = columns(result.link_flow_m3s, link_ids, result.link_ids, initial)
    lateral = columns(result.node_lateral_inflow_m3s, node_ids, result.node_ids)
    outfall_ids = [o.id for o in network.outfalls]
    outflow = columns(result.node_total_inflow_m3s, outfall_ids, result.node_ids)
    outflow = _signed(network, flow, link_ids, outfall_ids, outflow)

    rim = {n.id: getattr(n, "max_depth_m", 0.0) for n in nodes}
    place = {name: i for i, name in enumerate(node_ids)}
    names = [point.id for point in inputs.points]
    ponded = np.clip(depth[:, [place[n] for n in names]] - [rim[n] for n in names], 0.0, None)
    plant, _ = build_plant(network, manhole_area_m2=inputs.manhole_area_m2)
    volume = np.column_stack(
        [pond_volume_m3(plant, place[n], depth[:, place[n]]) for n in names]
        or [np.zeros(len(time_s))]
    )
    zones = list(
        dict.fromkeys([*(z.id for z in network.zones), *(p.zone for p in inputs.points)])
    ) or [EVERYWHERE]
    by_zone = np.column_stack(
        [
            volume[:, [k for k, p in enumerate(inputs.points) if p.zone == zone]].sum(axis=1)
            for zone in zones
        ]
    )
    head = {o.id: place[o.id] for o in network.outfalls}
    stage = depth[:, [head[o] for o in outfall_ids]] + [o.invert_m for o in network.outfalls]
    rain = np.array([[g.mean_mm_h(t, t + 1.0) for g in inputs.rain.values()] for t in time_s])
    for quantity, unit, ids, values in (
        ("ponded_depth", "m", names, ponded),
        ("node_depth", "m", node_ids, depth),
        ("ponded_volume", "m3", [*zones, "total"], np.column_stack((by_zone, by_zone.sum(axis=1)))),
        ("outfall_flow", "m3/s", outfall_ids, outflow),
        ("link_flow", "m3/s", link_ids, flow),
        ("rain", "mm/h", list(inputs.rain), rain[:, : len(inputs.rain)]),
        ("stage", "m", outfall_ids, stage),
        ("lateral_inflow", "m3/s", node_ids, lateral),
    ):
        writer = recorder.series("drainage", quantity, unit, ids)
        for t, row in zip(time_s, values, strict=True):
            writer.append(float(t), row)
    _crossings(recorder, time_s, ponded, names, inputs.spec.waterlogged_depth_m)
    _ledger(result, run)


def _first_depth_m(network: Network) -> Floats:
    """Return the depth at every node before the first step, m; at an outfall its river's."""
    series = {s.id: s.points for s in network.series}
    depths = []
    for node in network.nodes:
        if not isinstance(node, Outfall):
            depths.append(node.initial_depth_m)
            continue
        stage = node.stage_m
        if node.boundary == "series" and node.stage_series is not None:
            stage = float(np.interp(0.0, *np.array(series[node.stage_series], dtype=float).T))
        depths.append(0.0 if stage is None else max(stage - node.invert_m, 0.0))
    return np.array(depths)


def _signed(
    network: Network, flow: Floats, link_ids: list[str], outfall_ids: list[str], inflow: Floats
) -> Floats:
    """Return the flow out of each outfall, negative when the river comes in.

    SWMM reports an outfall's inflow without its sign, so it is taken from the link that ends there.
    """
    outflow = inflow.copy()
    for link in network.links:
        for end, sign in ((link.to_node, 1.0), (link.from_node, -1.0)):
            if end in outfall_ids:
                outflow[:, outfall_ids.index(end)] = sign * flow[:, link_ids.index(link.id)]
    return outflow


def _crossings(
    recorder: Recorder, time_s: Floats, ponded: Floats, names: list[str], threshold_m: float
) -> None:
    over = ponded >= threshold_m
    for k, name in enumerate(names):
        for i in np.flatnonzero(over[1:, k] != over[:-1, k]):
            before, after = ponded[i, k], ponded[i + 1, k]
            part = (threshold_m - before) / (after - before)
            moment = time_s[i] + part * (time_s[i + 1] - time_s[i])
            kind = "waterlogged" if over[i + 1, k] else "drained"
            recorder.event(float(moment), "drainage", kind, name)
        peak = int(np.argmax(ponded[:, k]))
        if ponded[peak, k] > 0.0:
            recorder.event(
                float(time_s[peak]), "drainage", "peak_depth", name, float(ponded[peak, k])
            )


def _ledger(result: SwmmResult, run: Run) -> None:
    """Copy SWMM's own balance, its continuity error as an account of its own."""
    runoff, routing = result.report.runoff_volumes_m3, result.report.routing_volumes_m3
    outside = sum(
        routing.get(name, 0.0)
        for name in ("Dry Weather Inflow", "Groundwater Inflow", "RDII Inflow", "External Inflow")
    )
    ledger = run.ledger("water", "m3")
    ledger.opening("network", routing.get("Initial Stored Volume", 0.0))
    ledger.inflow("rain", runoff.get("Total Precipitation", 0.0))
    ledger.inflow("inflows", outside)
    ledger.outflow("infiltration", runoff.get("Infiltration Loss", 0.0))
    ledger.outflow("outfalls", routing.get("External Outflow", 0.0))
    ledger.outflow("overflow_lost", routing.get("Flooding Loss", 0.0))
    ledger.closing("surface", runoff.get("Final Storage", 0.0))
    ledger.closing("network", routing.get("Final Stored Volume", 0.0))
    error = ledger.error()
    if error >= 0.0:
        ledger.outflow("swmm_continuity_error", error)
    else:
        ledger.inflow("swmm_continuity_error", -error)
