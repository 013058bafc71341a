"""Networks in and out: a SWMM file becomes a scenario, a scenario becomes a SWMM file."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from scenarios.run import Prepared
from sim.kernel.errors import InputError

if TYPE_CHECKING:
    from sim.drainage.elements import Pairs
    from sim.drainage.hyetograph import Hyetograph
    from sim.drainage.inputs import DrainageInputs
    from sim.drainage.network import Network

SYSTEM = "drainage"
RAIN_STEP_S = 60.0


@dataclass(frozen=True)
class ImportedFile:
    """What an import found and, if a folder was given, the scenario it wrote."""

    summary: Mapping[str, int]
    notes: tuple[str, ...]
    scenario: Path | None


def import_swmm(file: Path, folder: Path | None) -> ImportedFile:
    """Read a SWMM input file and, if `folder` is given, make a scenario of it there.

    The folder gets the network as tables, to be edited, and a scenario document that runs it with
    its own rain.

    Raises
    ------
    InputError
        If the file holds what cannot be represented, or the scenario exists already.
    """
    from sim.drainage.swmm import read_inp
    from sim.drainage.tables import write_tables

    imported = read_inp(file)
    network, options = imported.network, imported.options
    counts = {name: len(getattr(network, name)) for name in type(network).model_fields}
    summary = {name: count for name, count in counts.items() if count}
    notes = tuple(str(note) for note in imported.notes)
    if folder is None:
        return ImportedFile(summary, notes, None)
    name = re.sub(r"[^A-Za-z0-9]+", "-", file.stem).strip("-").lower() or "imported"
    target = folder / f"{name}.toml"
    if target.exists():
        raise InputError(
            "exists already", where="--out", file=target, expected="a folder without it",
            hint="choose another folder; nothing was overwritten",
        )  # fmt: skip
    if options.duration_s <= 0:
        raise InputError("the file runs for no time", where="[OPTIONS] END_TIME", file=file)
    try:
        write_tables(network, folder / f"{name}-network")
        start = f"{options.start.isoformat(timespec='seconds')}+00:00"
        title = json.dumps(f"Imported from {file.name}", ensure_ascii=False)
        title_zh = json.dumps(f"由 {file.name} 导入", ensure_ascii=False)
        document = [
            "# SWMM knows no time zone: put the offset from UTC of the place here.",
            f"start = {start}",
            f"duration_h = {options.duration_s / 3600.0!r}",
            "",
            "[title]",
            f"en = {title}",
            f"zh = {title_zh}",
            "",
            f"[{SYSTEM}]",
            f'network = "{name}-network"',
            f"report_step_s = {float(options.report_step_s)!r}",
            "",
            f"[{SYSTEM}.rain]",
            'kind = "network"',
            "",
        ]
        target.write_text("\n".join(document), encoding="utf-8", newline="\n")
    except OSError as error:
        raise InputError(
            f"cannot be written: {error.strerror or error}", where="--out", file=error.filename
        ) from error
    return ImportedFile(summary, notes, target)


def export_swmm(prepared: Prepared, target: Path) -> None:
    """Write a scenario as one SWMM input file: its works built, its rain and river in place.

    Rain is written in steps of `RAIN_STEP_S`, or as it is if its blocks fit them; either way the
    depth is kept.

    Raises
    ------
    InputError
        If the scenario has no drainage, or holds what SWMM cannot represent.
    """
    from sim.drainage.swmm.writer import write_inp

    if SYSTEM not in prepared.inputs:
        raise InputError("this scenario has no drainage to export", where=prepared.scenario.name)
    inputs: DrainageInputs = prepared.inputs[SYSTEM]  # type: ignore[assignment]
    scenario = prepared.scenario
    try:
        write_inp(
            forced(inputs),
            target,
            start=scenario.start,
            duration_s=scenario.duration_s,
            report_step_s=inputs.spec.report_step_s,
            title=f"{scenario.title['en']} ({prepared.hash[:12]})",
        )
    except OSError as error:
        raise InputError(
            f"cannot be written: {error.strerror or error}", where="--out", file=target
        ) from error


def forced(inputs: DrainageInputs) -> Network:
    """Return the network of a scenario with the scenario's rain and river stages as its own."""
    from sim.drainage.elements import RainGauge, Series

    network = inputs.network
    gauges, series = [], list(network.series)
    taken = {one.id for one in series}

    def added(wanted: str, points: Pairs) -> str:
        name = wanted
        while name in taken:
            name += "_"
        taken.add(name)
        series.append(Series(id=name, points=points))
        return name

    for gauge in network.gauges:
        step_s, points = rain_points(inputs.rain[gauge.id])
        name = added(f"rain_{gauge.id}", points)
        gauges.append(RainGauge(id=gauge.id, form="intensity", interval_s=step_s, series=name))
    outfalls = {outfall.id: outfall for outfall in network.outfalls}
    for knots, names in inputs.stages:
        stage = added(f"stage_{names[0]}", knots)
        for name in names:
            changes = {"boundary": "series", "stage_series": stage, "stage_m": None}
            outfalls[name] = outfalls[name].model_copy(update=changes)
    return network.model_copy(
        update={
            "gauges": tuple(gauges),
            "series": tuple(series),
            "outfalls": tuple(outfalls.values()),
        }
    )


def rain_points(rain: Hyetograph) -> tuple[float, Pairs]:
    """Return a step in s and (time s, mm/h) of a gauge that reports once in each step.

    The step is the longest of which all block edges are multiples, in whole minutes; else the
    rain is averaged over single minutes. The depth of every step is exact.
    """
    minutes = [edge / RAIN_STEP_S for edge in rain.edges_s]
    whole = all(abs(minute - round(minute)) < 1e-9 for minute in minutes)
    step_s = RAIN_STEP_S * (math.gcd(*(round(minute) for minute in minutes)) or 1 if whole else 1)
    first, last = math.floor(rain.start_s / step_s), math.ceil(rain.end_s / step_s)
    points = [
        (k * step_s, rain.mean_mm_h(k * step_s, (k + 1) * step_s)) for k in range(first, last)
    ]
    return step_s, (*points, (last * step_s, 0.0))
