"""One run of one engine on one case, in processor time, checked; and the file that keeps runs."""

from __future__ import annotations

import json
import math
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from importlib import import_module
from pathlib import Path

from bench.routing.cases import Case
from optimize.routing.charger_schedule.stagger import stagger
from optimize.routing.check import check
from optimize.routing.engines import clock
from optimize.routing.engines.registry import ENGINES
from optimize.routing.plan import Limits, Solution
from optimize.routing.problem import Problem
from sim.kernel.errors import InputError

Engine = Callable[[Problem, Limits], Solution]


@dataclass(frozen=True)
class Run:
    """What came out; ``refused`` is why an engine would not, ``cpu_s`` includes everything."""

    family: str
    instance: str
    engine: str
    budget_s: float
    seed: int
    best_trucks: float
    best_cost: float
    trucks: int = 0
    cost: float = math.nan
    left_out: int = 0
    bound: float = math.nan
    cpu_s: float = math.nan
    iterations: int = 0
    stop_reason: str = ""
    violations: tuple[str, ...] = ()
    refused: str = ""

    @property
    def key(self) -> tuple[str, str, str, float, int]:
        return (self.family, self.instance, self.engine, self.budget_s, self.seed)

    @property
    def gap_percent(self) -> float:
        """Above the best known, where fleet and service are as good; NaN otherwise."""
        if self.refused or self.violations or self.left_out or math.isnan(self.best_cost):
            return math.nan
        if not math.isnan(self.best_trucks) and self.trucks != self.best_trucks:
            return math.nan
        return 100.0 * (self.cost / self.best_cost - 1.0)


class Store:
    """Runs in a JSON file, one a line, so that a long comparison goes on where it stopped."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self.runs: dict[tuple[str, str, str, float, int], Run] = {}
        if file.exists():
            for line in file.read_text(encoding="utf-8").splitlines():
                row = json.loads(line)
                row["violations"] = tuple(row["violations"])
                run = Run(**row)
                self.runs[run.key] = run

    def add(self, run: Run) -> None:
        self.runs[run.key] = run
        self._file.parent.mkdir(parents=True, exist_ok=True)
        with self._file.open("a", encoding="utf-8") as lines:
            lines.write(json.dumps(asdict(run)) + "\n")


def run(case: Case, engine: str, budget_s: float, seed: int) -> Run:
    """Return a run of ``budget_s`` processor seconds; the plan is judged by the checker."""
    start = Run(case.family, case.name, engine, budget_s, seed, case.trucks, case.cost)
    problem = case.open()
    limits = Limits(seconds=budget_s, seed=seed)
    began = time.process_time()
    try:
        solution = _timed(engine, problem, limits)
        if problem.respect_guns:
            plan = stagger(problem, solution.plan).plan
            solution = replace(solution, plan=plan, trucks=len(plan.routes))
    except InputError as refusal:
        return Run(**(asdict(start) | {"refused": str(refusal).splitlines()[0]}))
    spent = time.process_time() - began
    report = check(problem, solution.plan)
    return Run(
        **(
            asdict(start)
            | {
                "trucks": solution.trucks,
                "cost": report.totals.cost,
                "left_out": len(solution.plan.left_out),
                "bound": solution.bound,
                "cpu_s": spent,
                "iterations": solution.iterations,
                "stop_reason": solution.stop_reason,
                "violations": tuple(str(v) for v in report.violations[:3]),
            }
        )
    )


def _timed(engine: str, problem: Problem, limits: Limits) -> Solution:
    """Run an engine with its limits in processor time: others use the machine too."""
    if engine == "core":
        core = import_module("optimize.routing.core.solver")
        solution: Solution = core.solve(problem, limits, clock=time.process_time)
        return solution
    before = clock.now
    clock.now = time.process_time
    try:
        return ENGINES[engine](problem, limits)
    finally:
        clock.now = before
