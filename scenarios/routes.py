"""Routes for a fleet: proposed by a solver, checked by rules of its own, verified by simulation."""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from hashlib import blake2b
from pathlib import Path
from typing import Any

from optimize.routing.check import Report, check
from optimize.routing.engines.registry import solve
from optimize.routing.plan import Limits, Progress, Solution
from scenarios import batch, durable
from scenarios.arms import Arms, named
from scenarios.compare import Paired, paired
from scenarios.document import Scenario
from scenarios.routes_problem import (
    DAY_S,
    FleetModel,
    FleetProblem,
    Margins,
    day_problem,
    expected_kg,
    plan_rows,
)
from scenarios.run import prepare
from scenarios.schema import StoredRun
from scenarios.store import Store
from sim.fleet.inputs import FleetInputs
from sim.fleet.spec import FleetSpec
from sim.kernel.errors import InputError

SYSTEM = "fleet"
NOW, PLAN = "as_it_is", "optimised"
FOLDER = "plans"
"""Where plans are kept, in the folder of the store."""
COLUMNS = ("truck", "day", "sequence", "kind", "target", "until_kwh", "not_before_h")

FIGURES = (
    "collected_t", "collection_rate", "stops_missed", "overflow_kg", "trucks_used", "km",
    "energy_used_kwh", "diesel_l", "overtime_h", "wait_bays_h", "wait_chargers_h",
    "lowest_charge_percent", "co2_kg", "cost_cny",
)  # fmt: skip
"""KPIs of a run that are compared, those of the whole fleet."""


@dataclass(frozen=True)
class Request:
    """How to search and how to verify.

    Attributes
    ----------
    engine
        Of `optimize.routing.engines.registry`, or "auto".
    seconds, iterations
        When the search stops: the first that is reached.
    day
        Of the run whose amounts are planned for.
    replications
        Of the simulation, of the plan and of the scenario as it is.
    """

    engine: str = "auto"
    seconds: float = 60.0
    iterations: int | None = None
    seed: int = 1
    day: int = 0
    replications: int = 10
    margins: Margins = Margins()


@dataclass(frozen=True)
class Figure:
    """A KPI of the scenario as it is and under the plan, means over replications, and what the
    plan promised; ``change`` is plan minus as it is."""

    name: str
    unit: str
    now: float | None
    promised: float | None
    simulated: float | None
    half_width: float | None
    change: Paired | None


@dataclass(frozen=True)
class Study:
    """A plan and what became of it in the simulation.

    Attributes
    ----------
    why
        Why this engine.
    plan_file
        The plan as ``plan.csv``.
    """

    scenario: Scenario
    fleet: FleetProblem
    solution: Solution
    why: str
    report: Report
    plan_file: Path
    figures: tuple[Figure, ...]
    runs: Mapping[str, Sequence[StoredRun]]


def fleet_inputs(scenario: Scenario) -> FleetInputs:
    """Return the loaded inputs of a scenario's fleet.

    Raises
    ------
    InputError
        If it has none, or a file of it cannot be used.
    """
    if not isinstance(scenario.sections.get(SYSTEM), FleetSpec):
        raise InputError(
            "this scenario has no fleet", where="fleet", value=scenario.name,
            expected="a [fleet] section", hint="fleet-today has one; extend it",
        )  # fmt: skip
    inputs = prepare(scenario).inputs[SYSTEM]
    assert isinstance(inputs, FleetInputs)
    return inputs


def propose(
    scenario: Scenario,
    request: Request,
    *,
    progress: Callable[[Progress], None] | None = None,
    cancelled: Callable[[], bool] | None = None,
) -> tuple[FleetProblem, Solution, str, Report]:
    """Return the day's problem, the plan found for it, why that engine, and the checker's report.

    Raises
    ------
    InputError
        If the scenario has no fleet, or the day is not in it.
    """
    inputs = fleet_inputs(scenario)
    if not 0 <= request.day < inputs.days:
        raise InputError(
            "the run has no such day", where="day", value=request.day,
            expected=f"0 to {inputs.days - 1}",
        )  # fmt: skip
    model = FleetModel(inputs, request.margins)
    fleet = day_problem(model, request.day, expected_kg(inputs, request.day))
    limits = Limits(request.seconds, request.iterations, request.seed, cancelled, progress)
    solution, why = solve(fleet.problem, request.engine, limits)
    return fleet, solution, why, check(fleet.problem, solution.plan)


def study_routes(
    scenario: Scenario,
    store: Store,
    request: Request,
    *,
    workers: int = batch.WORKERS,
    solving: Callable[[Progress], None] | None = None,
    simulating: Callable[[str, float], None] | None = None,
    cancelled: Callable[[], bool] | None = None,
) -> Study:
    """Find routes for a day of a scenario's fleet and run them beside what it does now.

    Parameters
    ----------
    solving
        Told the incumbent during the search.
    simulating
        Told the arm at work and the fraction done afterwards.
    cancelled
        Ends the search with the best plan so far, and the simulation at once.

    Raises
    ------
    InputError
        If the scenario has no fleet, or cannot be run.
    Cancelled
        If ``cancelled`` said so during the simulation; the plan stays in the store's folder.
    """
    batch.check_count(request.replications)
    fleet, solution, why, report = propose(scenario, request, progress=solving, cancelled=cancelled)
    plan_file = write_plan(plan_rows(fleet, solution.plan), store.location.folder / FOLDER)
    arms = {NOW: named(scenario, NOW), PLAN: planned(named(scenario, PLAN), plan_file)}
    runner = Arms(store, len(arms) * request.replications, workers, simulating, cancelled)
    runs = {
        name: runner.finish(name, prepare(arm), request.replications) for name, arm in arms.items()
    }
    promised = _promised(report, scenario.duration_s / DAY_S)
    return Study(
        scenario, fleet, solution, why, report, plan_file, compare_arms(runs, store, promised), runs
    )  # fmt: skip


def planned(scenario: Scenario, plan_file: Path) -> Scenario:
    """Return the scenario with its trucks driving to a plan."""
    changed = scenario.with_value(SYSTEM, "policy", {"kind": "plan"})
    return changed.with_value(SYSTEM, "plan", plan_file.as_posix())


def write_plan(rows: Sequence[Mapping[str, Any]], folder: Path) -> Path:
    """Write a plan into a folder, under a name made of its content, and return the file."""
    text = io.StringIO()
    writer = csv.DictWriter(text, COLUMNS, lineterminator="\n", restval="")
    writer.writeheader()
    writer.writerows({k: "" if v is None else v for k, v in row.items()} for row in rows)
    content = text.getvalue()
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / f"{blake2b(content.encode(), digest_size=8).hexdigest()}.csv"
    if not file.exists():
        temporary = file.with_suffix(".part")
        durable.write_text(temporary, content)
        durable.publish(temporary, file)
    return file


def compare_arms(
    runs: Mapping[str, Sequence[StoredRun]], store: Store, promised: Mapping[str, float]
) -> tuple[Figure, ...]:
    """Return the figures of the scenario as it is beside those of the plan, by replication."""
    kpis = {
        arm: [{k.name: k for _, k in store.kpis(run.id) if not k.entity} for run in mine]
        for arm, mine in runs.items()
    }
    figures = []
    for name in FIGURES:
        values = {
            arm: [kpi.value for one in mine if (kpi := one.get(name)) and kpi.value is not None]
            for arm, mine in kpis.items()
        }
        whole = {arm: len(v) == len(kpis[arm]) and bool(v) for arm, v in values.items()}
        if not any(whole.values()):
            continue
        unit = next(one[name].unit for mine in kpis.values() for one in mine if name in one)
        spread = paired([0.0] * len(values[PLAN]), values[PLAN]) if whole[PLAN] else None
        figures.append(
            Figure(
                name, unit, _mean(values[NOW]) if whole[NOW] else None, promised.get(name),
                None if spread is None else spread.mean,
                None if spread is None else spread.half_width,
                paired(values[NOW], values[PLAN]) if all(whole.values()) else None,
            )
        )  # fmt: skip
    return tuple(figures)


def _promised(report: Report, days: float) -> dict[str, float]:
    """Return what a plan promises for so many days, by the checker's totals of one."""
    totals = report.totals
    return {
        "km": days * totals.distance_m / 1e3,
        "energy_used_kwh": days * totals.energy_kwh,
        "overtime_h": days * totals.overtime_s / 3600.0,
    }


def _mean(values: Sequence[float]) -> float:
    return math.fsum(values) / len(values)
