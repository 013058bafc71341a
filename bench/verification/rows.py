"""One row of the table: a file run by SWMM, also with finer steps or reaches, and by our engine."""

from __future__ import annotations

import statistics
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from bench.verification.bars import missed
from bench.verification.cases import Case, refined, run_by_swmm
from bench.verification.figures import (
    Answer,
    Gap,
    Regime,
    gap,
    inner_ids,
    of_native,
    of_swmm,
    regime,
)
from bench.verification.native_runs import NativeRun, load, run_native
from bench.verification.reaches import FILES, InReaches, in_reaches
from sim.drainage.inputs import DrainageInputs
from sim.drainage.swmm import SwmmResult

_QUICK_S = 4.0  # what takes longer is timed once


@dataclass(frozen=True)
class Row:
    """What is printed of one file.

    ``floor`` is SWMM with finer steps against SWMM with its own, ``beside_finer`` our engine
    against SWMM with finer steps. ``in_reaches`` is of files with long conduits alone.
    """

    case: Case
    regime: Regime
    gap: Gap
    floor: Gap | None
    beside_finer: Gap | None
    swmm_version: str
    routing_error_percent: float
    runoff_error_percent: float | None
    lateral_volume_percent: float | None  # of SWMM's own account, by what we were given
    balance_percent: float
    swmm_seconds: float
    native_seconds: float
    steps: int
    in_reaches: InReaches | None = None

    @property
    def missed(self) -> list[str]:
        return missed(self.gap, self.regime)

    @property
    def meets_finer(self) -> bool:
        """Whether every bar is met beside SWMM with finer steps."""
        return self.beside_finer is not None and not missed(self.beside_finer, self.regime)

    @property
    def meets_in_reaches(self) -> bool:
        """Whether every bar is met with both engines on the network in short reaches."""
        return self.in_reaches is not None and not missed(self.in_reaches.gap, self.regime)


def compare(
    case: Case, *, own_runoff: bool = False, floor: bool = True, repeats: int = 3,
    cache: Path | None = None,
) -> Row:  # fmt: skip
    """Run a file in both engines and compare them.

    Parameters
    ----------
    own_runoff
        Our engine computes rain and runoff itself instead of getting SWMM's lateral inflows.
    floor
        Also run SWMM with finer steps, and both engines on short reaches where conduits are long.
    """
    swmm = run_by_swmm(case, cache=cache)
    inputs = load(case)
    lateral = None if own_runoff else swmm
    run = run_native(inputs, case, lateral)  # compiles, where this machine has not yet
    ours, theirs = [], [swmm.elapsed_s]
    for _ in range(repeats):
        run = run_native(inputs, case, lateral)
        ours.append(run.seconds)
        if run.seconds > _QUICK_S:
            break
    if cache is None and swmm.elapsed_s <= _QUICK_S:
        theirs += [run_by_swmm(case).elapsed_s for _ in range(repeats - 1)]
    reference = of_swmm(swmm, inputs, run.engine)
    names, rain_end_s = inner_ids(run.engine), _rain_end_s(inputs, reference, swmm)
    answer = of_native(run, inputs, reference.time_s)
    finer = beside_finer = reached = None
    if floor:
        refined_run = run_by_swmm(case, refined(case), cache=cache)
        again = of_swmm(refined_run, inputs, run.engine)
        finer = gap(reference, again, names, rain_end_s)
        beside_finer = gap(again, answer, names, rain_end_s)
        if case.name in FILES:
            reached = in_reaches(case, swmm, reference, names, rain_end_s, cache)
    return Row(
        case=case,
        regime=regime(swmm, run.engine),
        gap=gap(reference, answer, names, rain_end_s),
        floor=finer,
        beside_finer=beside_finer,
        swmm_version=swmm.version,
        routing_error_percent=swmm.report.routing_error_percent or 0.0,
        runoff_error_percent=swmm.report.runoff_error_percent,
        lateral_volume_percent=None if own_runoff else _lateral_percent(swmm, run),
        balance_percent=run.balance_percent,
        swmm_seconds=statistics.median(theirs),
        native_seconds=statistics.median(ours),
        steps=run.engine.steps,
        in_reaches=reached,
    )


def _rain_end_s(inputs: DrainageInputs, reference: Answer, swmm: SwmmResult) -> float:
    """Return when the rain ends, or the inflow where there is no rain."""
    if inputs.rain:
        return min(max(h.end_s for h in inputs.rain.values()), float(reference.time_s[-1]))
    wet = np.flatnonzero(swmm.node_lateral_inflow_m3s.sum(axis=1) > 0.0)
    return float(reference.time_s[wet[-1]]) if wet.size else 0.0


_INFLOWS = (
    "Dry Weather Inflow", "Wet Weather Inflow", "Groundwater Inflow", "RDII Inflow",
    "External Inflow",
)  # fmt: skip


def _lateral_percent(swmm: SwmmResult, run: NativeRun) -> float | None:
    """Return what our engine was given over what SWMM's account says came in, as a difference."""
    account = sum(swmm.report.routing_volumes_m3.get(name, 0.0) for name in _INFLOWS)
    given = float(run.engine.state.lateral_m3.sum())
    return 100.0 * (given - account) / account if account > 0.0 else None
