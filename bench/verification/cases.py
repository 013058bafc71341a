"""The public files: which there are, how SWMM runs them, and what it answers."""

from __future__ import annotations

import csv
import hashlib
import pickle
import re
import tempfile
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from sim.drainage.swmm import SwmmOptions, SwmmResult, read_inp, run_swmm
from sim.drainage.swmm.rundir import prepare
from sim.kernel.errors import InputErrors

REFINED = 4.0  # how many times smaller SWMM's steps are in the run that shows its noise floor
_REPORT_STEPS_S = (10.0, 15.0, 20.0, 30.0, 60.0)
_LONG_S = 12 * 3600.0  # longer runs report every minute
_EVAPORATION = re.compile(r"^\[EVAPORATION\].*?(?=^\[)", re.MULTILINE | re.DOTALL | re.IGNORECASE)


@dataclass(frozen=True)
class Case:
    """One file and what was changed in it so that both engines can be compared.

    ``overrides`` are lines added to [OPTIONS] of every run by SWMM; ``without_evaporation`` tells
    that our importer is given the file with evaporation set to zero; ``rains`` that the file has
    subcatchments.
    """

    path: Path
    options: SwmmOptions
    report_step_s: float
    overrides: tuple[str, ...] = ()
    without_evaporation: bool = False
    rains: bool = False

    @property
    def name(self) -> str:
        return self.path.stem

    @property
    def changes(self) -> tuple[str, ...]:
        """What differs from the file as published, in words."""
        said = []
        if self.overrides:
            said.append(f"SWMM with {', '.join(self.overrides)}: the file asks for kinematic waves")
        if self.without_evaporation:
            said.append("evaporation is left out on our side")
        return tuple(said)


def manifest(folder: Path) -> dict[str, dict[str, str]]:
    """Return the rows of the folder's MANIFEST.csv by file name."""
    with (folder / "MANIFEST.csv").open(newline="", encoding="utf-8") as file:
        return {row["file"]: row for row in csv.DictReader(file)}


def open_case(path: Path) -> Case:
    """Read a file; evaporation is given up where that is all that stands in the way.

    Raises
    ------
    InputErrors
        The importer refuses the file.
    """
    text = path.read_text(encoding="utf-8-sig", errors="replace")
    evaporates = re.search(r"^\[EVAPORATION\]", text, re.MULTILINE | re.IGNORECASE) is not None
    accepted = ("evaporation",) if evaporates else ()
    imported = read_inp(path, accept_ignored=accepted)
    options = imported.options
    return Case(
        path=path,
        options=options,
        report_step_s=_report_step_s(options),
        overrides=() if options.routing == "DYNWAVE" else ("FLOW_ROUTING DYNWAVE",),
        without_evaporation=_evaporation_matters(path) if evaporates else False,
        rains=bool(imported.network.subcatchments),
    )


def _evaporation_matters(path: Path) -> bool:
    """Tell whether the strict import, which a run uses, would refuse the file's evaporation."""
    try:
        read_inp(path)
    except InputErrors:
        return True
    return False


def importable(case: Case, folder: Path) -> Path:
    """Return the file to import: itself, or a copy in `folder` that does not evaporate."""
    if not case.without_evaporation:
        return case.path
    copy = folder / case.path.name
    text = case.path.read_text(encoding="utf-8-sig", errors="replace")
    copy.write_text(_EVAPORATION.sub("[EVAPORATION]\nCONSTANT 0\n\n", text), encoding="utf-8")
    return copy


def _report_step_s(options: SwmmOptions) -> float:
    if options.duration_s > _LONG_S:
        return 60.0
    return next(s for s in _REPORT_STEPS_S if s >= options.routing_step_s)


def refined(case: Case) -> tuple[str, ...]:
    """Return the [OPTIONS] lines that make every routing step of SWMM `REFINED` times smaller."""
    o = case.options
    lines = [
        f"ROUTING_STEP {o.routing_step_s / REFINED:g}",
        f"MINIMUM_STEP {max(o.minimum_step_s, 0.5) / REFINED:g}",
    ]
    if o.variable_step > 0.0:
        lines.append(f"VARIABLE_STEP {o.variable_step / REFINED:g}")
    return tuple(lines)


def run_by_swmm(
    case: Case, more: Iterable[str] = (), cache: Path | None = None, timeout_s: float = 3600.0
) -> SwmmResult:
    """Run a file in SWMM with its own numerical options, or with lines added to them.

    Parameters
    ----------
    more
        Lines of [OPTIONS] that replace the file's own.
    cache
        Folder of earlier answers; none runs SWMM in any case.
    """
    with tempfile.TemporaryDirectory(prefix="cityclock-verify-") as name:
        folder = Path(name)
        inp = prepare(case.path, folder, case.report_step_s)
        lines = [*case.overrides, *more]
        if lines:
            with inp.open("a", encoding="utf-8", newline="\n") as file:
                file.write("\n".join(["[OPTIONS]", *lines]) + "\n")
        kept = None
        if cache is not None:
            digest = hashlib.sha256()
            for part in sorted(folder.iterdir()):
                digest.update(part.read_bytes())
            kept = cache / f"{case.name}-{digest.hexdigest()[:16]}.pickle"
            if kept.exists():
                result = pickle.loads(kept.read_bytes())
                assert isinstance(result, SwmmResult)
                return result
        result = run_swmm(inp, timeout_s=timeout_s, report_step_s=case.report_step_s)
        if kept is not None:
            kept.parent.mkdir(parents=True, exist_ok=True)
            kept.write_bytes(pickle.dumps(result))
        return result
