"""A plan of works by both engines: what it saves here and what it saves in EPA SWMM."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import cast

from scenarios.document import Scenario
from scenarios.run import prepare
from scenarios.verify import GapRow, gaps
from scenarios.works import value_of
from scenarios.works_storms import SYSTEM, storms_of
from scenarios.works_study import Measure, SwmmGap
from scenarios.works_values import outcome_of
from sim.city import simulate
from sim.drainage.inputs import DrainageInputs
from sim.kernel.recorder import Record

Reference = Callable[[DrainageInputs, Record, Scenario], Record]


def verify_plan(
    scenario: Scenario,
    chosen: Sequence[str],
    storm: str,
    measure: Measure,
    *,
    reference: Reference | None = None,
) -> tuple[SwmmGap, list[GapRow]]:
    """Run the network without works and with a plan, each by the native engine and by SWMM.

    SWMM gets the native run's inflows to the nodes, so that only the hydraulics differ.

    Parameters
    ----------
    storm
        As for `scenarios.works_storms.storms_of`; ``own`` is the scenario at its full length.
    reference
        Makes SWMM's record; `sim.drainage.reference.run_reference` if none.

    Returns
    -------
    tuple
        What stood in all four runs, and the gap of the run with the plan, figure by figure.
    """
    (one,) = storms_of(scenario, [storm])
    stood: list[float] = []
    rows: list[GapRow] = []
    for works in ((), tuple(chosen)):
        built = one.scenario.with_value(SYSTEM, "works", sorted(works))
        prepared = prepare(built)
        inputs = cast("DrainageInputs", prepared.inputs[SYSTEM])
        native = simulate(prepared.inputs, built.start, built.duration_s, built.seed)
        other = (reference or _swmm)(inputs, native, built)
        stood += [value_of(outcome_of(record, inputs), measure) for record in (native, other)]
        rows = gaps(native, other, inputs.spec.waterlogged_depth_m)
    gap = SwmmGap(
        storm=one.name, native_unbuilt=stood[0], swmm_unbuilt=stood[1], native_built=stood[2],
        swmm_built=stood[3],
    )  # fmt: skip
    return gap, rows


def _swmm(inputs: DrainageInputs, record: Record, scenario: Scenario) -> Record:
    from sim.drainage.reference import run_reference

    return run_reference(inputs, record, scenario.duration_s, scenario.start)
