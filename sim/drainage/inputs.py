"""From a scenario's drainage section to what a run needs: network built, rain, river stages."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from sim.drainage.checks import check_network
from sim.drainage.elements import Outfall
from sim.drainage.emergency_inputs import EmergencyInputs, load_emergency
from sim.drainage.hyetograph import Hyetograph
from sim.drainage.kpis import Point, ponding_points
from sim.drainage.network import Network
from sim.drainage.node_tables import MANHOLE_AREA_M2
from sim.drainage.rainfall import chicago, from_gauge_csv, from_series, nested
from sim.drainage.spec import ChicagoRain, DrainageSpec, GaugeRain, NestedRain
from sim.drainage.storm_formula import FORMULAS_FILE, formula
from sim.drainage.swmm import SwmmOptions, read_inp
from sim.drainage.tables import read_tables, table_files
from sim.drainage.time_csv import read_series_csv
from sim.drainage.uncertainty import uncertainty_notes
from sim.kernel.errors import InputError
from sim.kernel.schema import Pairs

MOST_STEPS = 500_000  # a year of minutes


@dataclass(frozen=True)
class DrainageInputs:
    """Everything a run reads. Nothing in it is altered by a run.

    Attributes
    ----------
    network : Network
        With the works of the scenario built.
    rain : mapping from gauge to Hyetograph
        Of the gauges that are used; seconds from the start of the run, multiplier applied.
    stages : tuple of (knots, outfall ids)
        River levels (s, m) and the outfalls they act on.
    points : tuple of Point
        The places that can be waterlogged.
    emergency : EmergencyInputs or None
        Pump trucks, if the scenario has any.
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
    emergency: EmergencyInputs | None = None

    @property
    def basins_surcharge(self) -> bool:
        """Whether full conduits at a storage store no more than a slot: not under SWMM's EXTRAN."""
        return not _keeps_surface(self.swmm_options)


def _keeps_surface(options: SwmmOptions | None) -> bool:
    return options is not None and options.surcharge_method == "EXTRAN"


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
    # as filed first: what is not built now may still name works and elements that do not exist
    check_network(network)
    network = network.built(chosen_works(spec, network))
    notes += check_network(network)
    _check_size(spec, horizon_s)
    notes += uncertainty_notes(network, spec.uncertainty)
    _check_names(spec, network)

    rain = _rain(spec, network, folder, start, horizon_s)
    notes += sorted({hyetograph.note for hyetograph in rain.values() if hyetograph.note})
    if isinstance(spec.rain, GaugeRain):
        files.append(folder / spec.rain.file)
    elif isinstance(spec.rain, ChicagoRain):
        files.append(FORMULAS_FILE)
    stages = _own_stages(spec, network)
    if spec.river.file is not None:
        files.append(folder / spec.river.file)
        stages.append((_river(folder / spec.river.file, start, horizon_s), _along(spec, network)))
    if network.storages and _keeps_surface(swmm_options):
        notes.append(
            "SURCHARGE_METHOD EXTRAN: full conduits at storage nodes keep a free surface, as in "
            "SWMM, so water there rises less than in a closed pipe; SLOT gives the closed pipe"
        )
    points = tuple(ponding_points(network, spec.waterlogged_depth_m))
    emergency = None
    if spec.emergency is not None:
        emergency = load_emergency(
            spec.emergency, folder, network, points, spec.waterlogged_depth_m
        )
        files += emergency.files
        notes += emergency.notes
    return DrainageInputs(
        spec=spec,
        network=network,
        rain=rain,
        stages=tuple(stages),
        points=points,
        manhole_area_m2=manhole_area_m2,
        swmm_options=swmm_options,
        files=tuple(files),
        notes=tuple(notes),
        emergency=emergency,
    )


def _check_size(spec: DrainageSpec, horizon_s: float) -> None:
    """Refuse steps that would fill the memory with results nobody can read."""
    for name, step_s in (
        ("report_step_s", spec.report_step_s),
        ("runoff_step_s", spec.runoff_step_s),
    ):
        if horizon_s / step_s > MOST_STEPS:
            raise InputError(
                "too many steps",
                where=f"drainage.{name}",
                value=step_s,
                expected=f"{horizon_s / MOST_STEPS:g} s or more for {horizon_s / 3600.0:g} h",
            )


def chosen_works(spec: DrainageSpec, network: Network) -> tuple[str, ...]:
    """Return the ids of the works that a section builds."""
    if not isinstance(spec.works, str):
        return spec.works
    kinds = {"none": (), "all": ("work", "channel"), "works": ("work",), "channels": ("channel",)}
    return tuple(work.id for work in network.works if work.kind in kinds[spec.works])


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
    spec: DrainageSpec, network: Network, folder: Path, start: datetime, horizon_s: float
) -> dict[str, Hyetograph]:
    used = _gauges_in_use(network)
    gauges = {gauge.id: gauge for gauge in network.gauges if gauge.id in used}
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
        one = _recorded(rain, folder / rain.file, start, horizon_s)
    if one is not None:
        found = dict.fromkeys(gauges, one)
    else:
        series = {s.id: s for s in network.series}
        found = {name: from_series(gauge, series[gauge.series]) for name, gauge in gauges.items()}
    return {name: hyetograph.scaled(spec.rain_multiplier) for name, hyetograph in found.items()}


def _recorded(rain: GaugeRain, file: Path, start: datetime, horizon_s: float) -> Hyetograph:
    first_at_s = None if rain.starts_at_h is None else rain.starts_at_h * 3600.0
    record = from_gauge_csv(file, rain.unit, start, first_at_s=first_at_s)
    if record.end_s <= 0.0 or record.start_s >= horizon_s:
        first, last = (start + timedelta(seconds=s) for s in (record.start_s, record.end_s))
        raise InputError(
            "the gauge record lies outside the run",
            where="drainage.rain.file",
            value=f"{first.isoformat()} to {last.isoformat()}",
            expected=f"rain between {start.isoformat()} and "
            f"{(start + timedelta(seconds=horizon_s)).isoformat()}",
            hint="change start, or say with starts_at_h when its first row is to fall",
            file=file,
        )
    return record


def _gauges_in_use(network: Network) -> set[str]:
    """Return the gauges that matter: of subcatchments and rules, all if there are no catchments."""
    if not network.subcatchments:
        return {gauge.id for gauge in network.gauges}
    read = {p.id for rule in network.rules for p in rule.premises if p.object == "gauge"}
    return {subcatchment.gauge for subcatchment in network.subcatchments} | read


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
