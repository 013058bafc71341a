"""Export of a network as a SWMM 5.2 input file in CMS, the same bytes for the same network."""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from sim.drainage.elements import Series
from sim.drainage.network import Network
from sim.drainage.swmm.export import Export
from sim.drainage.swmm.options import SwmmOptions
from sim.drainage.swmm.sheet import Sheet, time_text, title_lines
from sim.drainage.swmm.times import clock_text
from sim.drainage.swmm.write_controls import control_lines
from sim.drainage.swmm.write_inflows import write_inflows
from sim.drainage.swmm.write_links import write_links, write_tags
from sim.drainage.swmm.write_nodes import ponds, write_coordinates, write_nodes
from sim.drainage.swmm.write_surface import write_gauges, write_subcatchments

# Numerical settings of a run meant as a reference: short steps, tight tolerance.
REFERENCE_OPTIONS = SwmmOptions(
    flow_units="CMS", wet_step_s=60.0, dry_step_s=300.0, routing_step_s=5.0, minimum_step_s=0.5
)


def write_inp(
    network: Network,
    path: str | Path,
    *,
    start: dt.datetime,
    duration_s: float,
    report_step_s: float,
    title: str = "",
    lateral_inflows: Mapping[str, Series] | None = None,
    use_subcatchments: bool = True,
    options: SwmmOptions | None = None,
) -> None:
    """Write `network` as a SWMM input file.

    Parameters
    ----------
    network
        A network without unbuilt works (`Network.built`).
    path
        File to write.
    start
        Local time at second 0 of the network's series; a time zone is dropped.
    duration_s, report_step_s
        Length of the run and spacing of its results; rounded up and to whole seconds.
    title
        Text of [TITLE].
    lateral_inflows
        Additional flows (m3/s against s, linear, 0 outside) by node id.
    use_subcatchments
        False leaves rain and subcatchments out, for runs driven by `lateral_inflows`.
    options
        Numerical settings; its times, units and ponding are not used. Default: `REFERENCE_OPTIONS`.

    Raises
    ------
    sim.kernel.errors.InputError
        If the network holds something SWMM cannot represent.

    Notes
    -----
    Zones have no place in the format. `sim.drainage.swmm.write_nodes` tells how ponding curves are
    represented. Everything else reads back equal with `read_inp`.
    """
    settings = replace(
        options or REFERENCE_OPTIONS, title=title, start=start.replace(tzinfo=None),
        duration_s=duration_s, report_step_s=report_step_s, flow_units="CMS",
        link_offsets="DEPTH", allow_ponding=any(ponds(j) for j in network.junctions),
    )  # fmt: skip
    Path(path).write_text(
        _text(network, settings, lateral_inflows, use_subcatchments), encoding="utf-8", newline="\n"
    )


def _text(
    network: Network,
    options: SwmmOptions,
    lateral_inflows: Mapping[str, Series] | None,
    use_subcatchments: bool,
) -> str:
    export = Export(network, options)
    sheet = Sheet()
    sheet.raw("TITLE", title_lines(options.title))
    sheet.section("OPTIONS", _options(options))
    sheet.section("EVAPORATION", [("CONSTANT", 0)])
    if use_subcatchments:
        write_gauges(sheet, export)
        write_subcatchments(sheet, export)
    write_nodes(sheet, export)
    write_links(sheet, export)
    write_inflows(sheet, export, lateral_inflows)
    rules = control_lines(export)
    if rules:
        sheet.raw("CONTROLS", rules)
    _curves(sheet, export)
    _series(sheet, export)
    sheet.section("REPORT", [("SUBCATCHMENTS", "ALL"), ("NODES", "ALL"), ("LINKS", "ALL")])
    write_tags(sheet, export)
    write_coordinates(sheet, export)
    return sheet.text()


def _options(o: SwmmOptions) -> list[tuple[object, ...]]:
    start = o.start.replace(microsecond=0)
    end = start + dt.timedelta(seconds=math.ceil(o.duration_s))
    return [
        ("FLOW_UNITS", "CMS"), ("INFILTRATION", o.infiltration), ("FLOW_ROUTING", "DYNWAVE"),
        ("LINK_OFFSETS", "DEPTH"), ("ALLOW_PONDING", o.allow_ponding),
        ("START_DATE", _date(start)), ("START_TIME", _clock(start)),
        ("REPORT_START_DATE", _date(start)), ("REPORT_START_TIME", _clock(start)),
        ("END_DATE", _date(end)), ("END_TIME", _clock(end)),
        ("REPORT_STEP", clock_text(o.report_step_s)), ("WET_STEP", clock_text(o.wet_step_s)),
        ("DRY_STEP", clock_text(o.dry_step_s)), ("RULE_STEP", clock_text(o.rule_step_s)),
        ("ROUTING_STEP", o.routing_step_s), ("MINIMUM_STEP", o.minimum_step_s),
        ("VARIABLE_STEP", o.variable_step), ("LENGTHENING_STEP", o.lengthening_step_s),
        ("INERTIAL_DAMPING", o.inertial_damping), ("NORMAL_FLOW_LIMITED", o.normal_flow_limited),
        ("SURCHARGE_METHOD", o.surcharge_method), ("FORCE_MAIN_EQUATION", o.force_main_equation),
        ("MIN_SURFAREA", o.min_surface_area_m2), ("MIN_SLOPE", o.min_slope_percent),
        ("MAX_TRIALS", o.max_trials), ("HEAD_TOLERANCE", o.head_tolerance_m),
        ("SKIP_STEADY_STATE", o.skip_steady_state),
        ("SYS_FLOW_TOL", o.system_flow_tolerance_percent),
        ("LAT_FLOW_TOL", o.lateral_flow_tolerance_percent), ("THREADS", 1),
    ]  # fmt: skip


def _date(moment: dt.datetime) -> str:
    return moment.strftime("%m/%d/%Y")


def _clock(moment: dt.datetime) -> str:
    return moment.strftime("%H:%M:%S")


def _curves(sheet: Sheet, export: Export) -> None:
    """Write the curves in the network's order, those made for the export last."""
    order = {curve.id: k for k, curve in enumerate(export.network.curves)}
    names = sorted(export.curves, key=lambda name: (order.get(name, len(order)),))
    rows: list[tuple[object, ...]] = []
    for name in names:
        kind, points = export.curves[name]
        for k, (x, y) in enumerate(points):
            rows.append((name, kind, x, y) if k == 0 else (name, x, y))
    sheet.section("CURVES", rows)


def _series(sheet: Sheet, export: Export) -> None:
    rows: list[tuple[object, ...]] = []
    for series in export.network.series:
        rows += [(series.id, time_text(t), value) for t, value in series.points]
    for name, points in export.series.items():
        rows += [(name, time_text(t), value) for t, value in points]
    sheet.section("TIMESERIES", rows)
