"""Networks in and out: a SWMM file becomes a scenario, a scenario becomes a SWMM file."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from scenarios.run import Prepared
from sim.kernel.errors import InputError

if TYPE_CHECKING:
    from sim.drainage.inputs import DrainageInputs

SYSTEM = "drainage"


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
    from sim.drainage.node_tables import MANHOLE_AREA_M2
    from sim.drainage.swmm import read_inp
    from sim.drainage.tables import write_tables

    imported = read_inp(file)
    network, options = imported.network, imported.options
    counts = {name: len(getattr(network, name)) for name in type(network).model_fields}
    summary = {name: count for name, count in counts.items() if count}
    notes = tuple(str(note) for note in imported.notes)
    if folder is None:
        return ImportedFile(summary, notes, None)
    if options.min_surface_area_m2 != MANHOLE_AREA_M2:
        notes += (
            f"[OPTIONS] MIN_SURFAREA: {options.min_surface_area_m2:g} m2 has no place in tables; "
            f"{MANHOLE_AREA_M2:g} m2 holds (name the .inp as network to keep it)",
        )
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

    Raises
    ------
    InputError
        If the scenario has no drainage, or holds what SWMM cannot represent.
    """
    from sim.drainage.reference import export_network
    from sim.drainage.swmm import write_inp

    if SYSTEM not in prepared.inputs:
        raise InputError("this scenario has no drainage to export", where=prepared.scenario.name)
    inputs: DrainageInputs = prepared.inputs[SYSTEM]  # type: ignore[assignment]
    scenario = prepared.scenario
    try:
        write_inp(
            export_network(inputs, scenario.duration_s),
            target,
            start=scenario.start,
            duration_s=scenario.duration_s,
            report_step_s=inputs.spec.report_step_s,
            options=inputs.swmm_options,
            title=f"{scenario.title['en']} ({prepared.hash[:12]})",
        )
    except OSError as error:
        raise InputError(
            f"cannot be written: {error.strerror or error}", where="--out", file=target
        ) from error
