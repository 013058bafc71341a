"""From a scenario's drainage section to what a run needs: network built, rain, river stages."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from sim.drainage.checks import check_network
from sim.drainage.elements import Outfall, Pairs
from sim.drainage.hyetograph import Hyetograph
from sim.drainage.kpis import Point, ponding_points
from sim.drainage.network import Network
from sim.drainage.node_tables import MANHOLE_AREA_M2
from sim.drainage.rainfall import chicago, from_gauge_csv, from_series, nested
from sim.drainage.spec import ChicagoRain, DrainageSpec, GaugeRain, NestedRain
from sim.drainage.storm_formula import formula
from sim.drainage.swmm import SwmmOptions, read_inp
from sim.drainage.tables import read_tables, table_files
from sim.drainage.time_csv import read_series_csv
from sim.drainage.uncertainty import uncertainty_notes
from sim.kernel.errors import InputError


@dataclass(frozen=True)
class DrainageInputs:
    """Everything a run reads. Nothing in it is altered by a run.

    Attributes
    ----------
    network : Network
        With the works of the scenario built.
    rain : mapping from gauge to Hyetograph
        Seconds from the start of the run, multiplier applied.
    stages : tuple of (knots, outfall ids)
        River levels (s, m) and the outfalls they act on.
    points : tuple of Point
        The places that can be waterlogged.
    swmm_options : SwmmOptions or None
        Numerical settings of an imported file, for the reference engine.
    notes : tuple of str
        What the reader of any result must be told: of the file, of the rain, of the network.
    """

    spec: DrainageSpec
    network: Network
    rain: Mapping[str, Hyetograph]
    stages: tuple[tuple[Pairs, tuple[str, ...]], ...]
    points: tuple[Point, ...]
    manhole_area_m2: float
    swmm_options: SwmmOptions | None
    files: tuple[Path, ...]
    notes: tuple[str, ...]


def load_drainage(
    spec: DrainageSpec, folder: Path, start: datetime, horizon_s: float
) -> DrainageInputs:
    """Read and check what a drainage section names.

    Raises
    ------
    InputError, InputErrors
        Naming file, place, value and what was expected.
    """
    source = folder / spec.network
    manhole_area_m2 = MANHOLE_AREA_M2
    swmm_options: SwmmOptions | None = None
    notes: list[str] = []
    if source.suffix.lower() == ".inp":
        imported = read_inp(source)
        network, files = imported.network, [source, *imported.files]
        swmm_options = imported.options
        manhole_area_m2 = imported.options.min_surface_area_m2
        notes += [str(note) for note in imported.notes]
    else:
        network, files = read_tables(source), list(table_files(source))
    network = network.built(_chosen(spec, network))
    notes += check_network(network)
    notes += uncertainty_notes(network, spec.uncertainty)
    _check_names(spec, network)

    rain = _rain(spec, network, folder, start)
    notes += sorted({hyetograph.note for hyetograph in rain.values() if hyetograph.note})
    if isinstance(spec.rain, GaugeRain):
        files.append(folder / spec.rain.file)
    stages = _own_stages(spec, network)
    if spec.river.file is not None:
        files.append(folder / spec.river.file)
        stages.append((_river(folder / spec.river.file, start, horizon_s), _along(spec, network)))
    return DrainageInputs(
        spec=spec,
        network=network,
        rain=rain,
        stages=tuple(stages),
        points=tuple(ponding_points(network, spec.waterlogged_depth_m)),
        manhole_area_m2=manhole_area_m2,
        swmm_options=swmm_options,
        files=tuple(files),
        notes=tuple(notes),
    )


def _chosen(spec: DrainageSpec, network: Network) -> tuple[str, ...]:
    if spec.works == "none":
        return ()
    if spec.works == "all":
        return tuple(work.id for work in network.works)
    return spec.works


def _check_names(spec: DrainageSpec, network: Network) -> None:
    pumps, links = {p.id for p in network.pumps}, {link.id for link in network.links}
    for i, cut in enumerate(spec.power_cuts):
        for name in cut.pumps:
            if name not in pumps:
                _unknown(f"drainage.power_cuts[{i}].pumps", name, "pump", sorted(pumps))
    for i, operation in enumerate(spec.gate_operations):
        if operation.link not in links:
            _unknown(f"drainage.gate_operations[{i}].link", operation.link, "link", sorted(links))


def _unknown(where: str, name: str, what: str, known: list[str]) -> None:
    some = ", ".join(known[:5]) + (" ..." if len(known) > 5 else "")
    raise InputError(
        f"no {what} has this id",
        where=where,
        value=name,
        expected=f"one of {some}" if known else f"a network with a {what}",
        hint="it may belong to a work that the scenario does not build",
    )


# --- rain -------------------------------------------------------------------------------------


def _rain(
    spec: DrainageSpec, network: Network, folder: Path, start: datetime
) -> dict[str, Hyetograph]:
    gauges = {gauge.id: gauge for gauge in network.gauges}
    rain = spec.rain
    one: Hyetograph | None = None
    if isinstance(rain, ChicagoRain):
        one = chicago(
            formula(rain.formula), rain.return_period_years, rain.duration_min,
            rain.peak_ratio, rain.step_min, start_s=rain.starts_at_h * 3600.0,
        )  # fmt: skip
    elif isinstance(rain, NestedRain):
        one = nested(rain.maxima, rain.peak_at_h, rain.step_min, start_s=rain.starts_at_h * 3600.0)
    elif isinstance(rain, GaugeRain):
        one = from_gauge_csv(folder / rain.file, rain.unit, start_s=rain.starts_at_h * 3600.0)
    if one is not None:
        found = dict.fromkeys(gauges, one)
    else:
        series = {s.id: s for s in network.series}
        found = {name: from_series(gauge, series[gauge.series]) for name, gauge in gauges.items()}
    return {name: hyetograph.scaled(spec.rain_multiplier) for name, hyetograph in found.items()}


# --- river ------------------------------------------------------------------------------------


def _own_stages(spec: DrainageSpec, network: Network) -> list[tuple[Pairs, tuple[str, ...]]]:
    series = {s.id: s.points for s in network.series}
    taken = set(_along(spec, network)) if spec.river.file is not None else set()
    return [
        (series[o.stage_series], (o.id,))
        for o in network.outfalls
        if o.stage_series is not None and o.id not in taken
    ]


def _along(spec: DrainageSpec, network: Network) -> tuple[str, ...]:
    outfalls = {o.id: o for o in network.outfalls}
    if not spec.river.outfalls:
        chosen = tuple(o.id for o in network.outfalls if o.boundary == "series")
        if not chosen:
            raise InputError(
                "no outfall stands in the river",
                where="drainage.river.outfalls",
                expected="outfalls with boundary 'series', or the names of outfalls",
            )
        return chosen
    for name in spec.river.outfalls:
        if name not in outfalls:
            _unknown("drainage.river.outfalls", name, "outfall", sorted(outfalls))
        if not _takes_stage(outfalls[name]):
            raise InputError(
                "this outfall has no water level to set",
                where="drainage.river.outfalls",
                value=f"{name} ({outfalls[name].boundary})",
                expected="an outfall with boundary 'fixed' or 'series'",
            )
    return spec.river.outfalls


def _takes_stage(outfall: Outfall) -> bool:
    return outfall.boundary in ("fixed", "series")


def _river(file: Path, start: datetime, horizon_s: float) -> Pairs:
    knots = read_series_csv(
        file, value_column="stage_m", unit="m", expected_step_s=None, start=start
    )
    if knots[0][0] > 0.0 or knots[-1][0] < horizon_s:
        first, last = (start + timedelta(seconds=knots[k][0]) for k in (0, -1))
        end = start + timedelta(seconds=horizon_s)
        raise InputError(
            "the stage series does not cover the run",
            where="drainage.river.file",
            value=f"{first.isoformat()} to {last.isoformat()}",
            expected=f"{start.isoformat()} to {end.isoformat()}",
            hint="change start or duration_h, or extend the series",
            file=file,
        )
    return knots
