"""Which works first, under a budget: searched by simulation, run again in other storms, checked."""

from __future__ import annotations

import contextlib
import math
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal, Protocol

from optimize.works.check import plan_faults
from optimize.works.evaluations import Evaluate
from optimize.works.problem import Chosen, Problem
from optimize.works.search import Found, Search
from scenarios.compare import paired
from scenarios.document import Scenario
from scenarios.version import code_version
from scenarios.works_problem import problem_of
from scenarios.works_storms import SYSTEM, Storm, storms_of
from scenarios.works_study import Confirmed, Measure, PlanRow, Study, WorkRow
from scenarios.works_values import Outcome, Simulator, SimulatorPool, Task
from sim.drainage.network import Network
from sim.drainage.tables import read_tables
from sim.kernel.errors import InputError

BUDGETS = (50.0, 100.0, 200.0, 500.0, 1000.0)
SEARCH_STORMS = ("50",)
CONFIRM_STORMS = ("20", "50", "100")
EVALUATIONS = 300
RAIN_SPREAD = 0.15

Phase = Literal["search", "confirm", "verify"]
Report = Callable[[Phase, int, int], None]
"""Called with the phase and how many of its simulated sets are done, of at most how many."""
Better = Callable[[Mapping[float, tuple[float, float]]], None]
"""Called with (cost, saved) by budget whenever a plan got better."""


class Runs(Protocol):
    """Simulates tasks in order: `Simulator` or `SimulatorPool`."""

    def outcomes(self, tasks: Iterable[Task]) -> Iterator[Outcome]: ...


@dataclass(frozen=True)
class Request:
    """What is asked.

    Attributes
    ----------
    budgets
        In million CNY.
    storms
        Searched with; see `scenarios.works_storms.storms_of`.
    confirm
        The plans found are run again in these; none for no confirmation.
    replications
        Of every storm of the confirmation. With more than one, what the scenario leaves to chance
        is drawn anew in each; a scenario that leaves nothing to chance gets a rain multiplier with
        `rain_spread` as the standard deviation of its logarithm.
    measure
        ``depth``: depth-hours; ``area``: each point's weighted by its ponding area.
    """

    budgets: tuple[float, ...] = BUDGETS
    storms: tuple[str, ...] = SEARCH_STORMS
    confirm: tuple[str, ...] = CONFIRM_STORMS
    replications: int = 4
    rain_spread: float = RAIN_SPREAD
    evaluations: int = EVALUATIONS
    seconds: float | None = None
    measure: Measure = "depth"
    workers: int = 2


def study_works(
    scenario: Scenario,
    request: Request,
    *,
    kept: Path | None = None,
    report: Report | None = None,
    on_better: Better | None = None,
    cancelled: Callable[[], bool] | None = None,
) -> Study:
    """Search plans for all budgets, confirm them in other storms and check them.

    Cancelling ends the search with the best plans so far; these are not confirmed then.

    Parameters
    ----------
    kept
        Folder where outcomes of simulations are kept for later studies.

    Raises
    ------
    InputError
        The scenario, a storm, a budget or a number cannot be used.
    """
    began = time.perf_counter()
    for name, value in (("replications", request.replications), ("workers", request.workers)):
        if value < 1:
            raise InputError("not valid", where=name, value=value, expected="at least 1")
    storms = storms_of(scenario, request.storms)
    again = _with_chance(storms_of(scenario, request.confirm), request) if request.confirm else ()
    network = works_network(scenario)
    problem = problem_of(network)
    stop = cancelled or (lambda: False)
    say = report or (lambda _phase, _done, _of: None)
    every = (*storms, *again)
    with contextlib.ExitStack() as stack:
        runs: Runs
        if request.workers > 1:
            runs = stack.enter_context(SimulatorPool(every, kept, request.workers))
        else:
            runs = Simulator(every, kept)
        worth = _Worth(runs, len(storms), request.measure)
        found = Search(
            problem, worth.of, request.budgets, limit=request.evaluations, mapper=worth.of_all,
            seconds=request.seconds, cancelled=stop,
            progress=lambda done, of: say("search", done, of),
            on_better=None if on_better is None else lambda best: on_better(
                {b: (problem.cost(s), worth.values[s]) for b, s in best.items()}
            ),
        ).run()  # fmt: skip
        rows = [_row(found, i, problem, network) for i in range(len(found.plans))]
        everything = problem.largest()
        everything_confirmed = None
        if again and not stop():
            sets = list(dict.fromkeys([*(frozenset(row.chosen) for row in rows), everything]))
            confirm = _Confirmation(runs, again, len(storms), request)
            by_set = confirm.of(sets, lambda done, of: say("confirm", done, of), stop)
            if by_set is not None:
                rows = [_confirmed(row, by_set[frozenset(row.chosen)]) for row in rows]
                everything_confirmed = by_set[everything].mean
    return Study(
        scenario=scenario.name,
        measure=request.measure,
        storms=tuple(storm.name for storm in storms),
        confirm=tuple(storm.name for storm in again),
        replications=request.replications,
        unbuilt=worth.unbuilt,
        everything_cost=problem.cost(everything),
        everything_saved=found.values.get(everything),
        everything_confirmed=everything_confirmed,
        surrogate_error=found.surrogate_error,
        candidates=len(problem.ids),
        evaluations=len(found.values),
        simulations=worth.simulations
        + (confirm.simulations if everything_confirmed is not None else 0),
        seconds=time.perf_counter() - began,
        code=str(code_version()),
        plans=tuple(rows),
    )


def works_network(scenario: Scenario) -> Network:
    """Return the network of a scenario with all its works in it, built or not.

    Raises
    ------
    InputError
        It is a file of another tool, which has no works.
    """
    source = scenario.folder / scenario.sections[SYSTEM].network  # type: ignore[attr-defined]
    if source.suffix.lower() == ".inp":
        raise InputError(
            "a SWMM file has no works", where="drainage.network", value=source.name,
            expected="a folder of tables",
            hint="'cityclock import swmm' makes tables of it; add works.csv",
        )  # fmt: skip
    return read_tables(source)


# --- searching -----------------------------------------------------------------------------


class _Worth:
    """What sets save over the unbuilt network, mean of the search storms."""

    def __init__(self, runs: Runs, storms: int, measure: Measure) -> None:
        self._runs, self._storms, self._measure = runs, storms, measure
        self.unbuilt = math.nan
        self.values: dict[Chosen, float] = {}
        self.simulations = 0

    def of(self, chosen: Chosen) -> float:
        return next(iter(self.of_all(self.of, [chosen])))

    def of_all(self, _: Evaluate, sets: Sequence[Chosen]) -> Iterator[float]:
        """Simulate sets; the search asks for the empty one first."""
        tasks = [Task(storm, chosen) for chosen in sets for storm in range(self._storms)]
        outcomes = self._runs.outcomes(tasks)
        for chosen in sets:
            stood = [value_of(next(outcomes), self._measure) for _ in range(self._storms)]
            self.simulations += self._storms
            mean = math.fsum(stood) / self._storms
            if not chosen:
                self.unbuilt = mean
            self.values[chosen] = self.unbuilt - mean
            yield self.values[chosen]


def value_of(outcome: Outcome, measure: Measure) -> float:
    """Return the figure of an outcome that a measure stands for."""
    return outcome.depth_hours if measure == "depth" else outcome.area_hours


def _row(found: Found, index: int, problem: Problem, network: Network) -> PlanRow:
    plan, works = found.plans[index], {work.id: work for work in network.works}
    members = [
        WorkRow(
            id=member.id, name_en=works[member.id].name_en, name_zh=works[member.id].name_zh,
            kind=works[member.id].kind, cost=member.cost, loss=member.loss,
            simulated=member.simulated, lost_with=member.lost_with,
        )
        for member in found.members[plan.budget]
    ]  # fmt: skip
    faults = plan_faults(
        plan.chosen, plan.budget, {work.id: work.cost_million_cny for work in network.works},
        conflicts=problem.conflicts, needs=problem.needs, stated_cost=plan.cost,
    )  # fmt: skip
    return PlanRow(
        budget=plan.budget, chosen=tuple(sorted(plan.chosen)), cost=plan.cost,
        saved=plan.objective, predicted=plan.predicted, bound=plan.bound,
        bound_kind=plan.bound_kind, gap=plan.gap, status=plan.status,
        stop_reason=plan.stop_reason, seconds=plan.seconds, evaluations=plan.evaluations,
        faults=tuple(faults), works=tuple(members),
    )  # fmt: skip


# --- confirming ----------------------------------------------------------------------------


def _with_chance(storms: Sequence[Storm], request: Request) -> tuple[Storm, ...]:
    """Give rain that varies to a scenario that leaves nothing to chance, if there is to be more
    than one replication of it."""
    changed = []
    for storm in storms:
        spec = storm.scenario.sections[SYSTEM]
        chance = [getattr(spec, key, None) for key in ("pump_failures", "uncertainty")]
        varied = storm.scenario
        if request.replications > 1 and not any(part is not None for part in chance):
            spread = {"rain_spread": request.rain_spread}
            varied = varied.with_value(SYSTEM, "uncertainty", spread)
        changed.append(replace(storm, scenario=varied))
    return tuple(changed)


@dataclass(frozen=True)
class _OfSet:
    """What a set saves in the storms of the confirmation."""

    by_storm: tuple[Confirmed, ...]
    mean: float
    half_width: float | None


class _Confirmation:
    """Runs sets and the unbuilt network in the same storms and replications."""

    def __init__(self, runs: Runs, storms: Sequence[Storm], first: int, request: Request) -> None:
        self._runs, self._storms, self._first = runs, storms, first
        self._replications, self._measure = request.replications, request.measure
        self.simulations = 0

    def of(
        self,
        sets: Sequence[Chosen],
        progress: Callable[[int, int], None],
        stop: Callable[[], bool],
    ) -> dict[Chosen, _OfSet] | None:
        """Return the savings by set, or none if it was asked to stop."""
        nothing: Chosen = frozenset()
        everyone = list(dict.fromkeys([nothing, *sets]))
        # Without replications nothing is left to chance, as in the search.
        numbers = range(self._replications) if self._replications > 1 else (None,)
        keys = [(s, k, r) for s in everyone for k in range(len(self._storms)) for r in numbers]
        tasks = [Task(self._first + k, s, r) for s, k, r in keys]
        stood: dict[tuple[Chosen, int], list[float]] = {}
        outcomes = self._runs.outcomes(tasks)
        for done, (chosen, storm, _) in enumerate(keys, start=1):
            value = value_of(next(outcomes), self._measure)
            stood.setdefault((chosen, storm), []).append(value)
            progress(done, len(keys))
            if stop():
                return None
        self.simulations = len(keys)
        return {chosen: self._of_set(chosen, stood) for chosen in sets}

    def _of_set(self, chosen: Chosen, stood: Mapping[tuple[Chosen, int], list[float]]) -> _OfSet:
        rows = []
        for k, storm in enumerate(self._storms):
            unbuilt = stood[frozenset(), k]
            saved = paired(stood[chosen, k], unbuilt)
            mean = math.fsum(unbuilt) / len(unbuilt)
            rows.append(
                Confirmed(
                    storm=storm.name, unbuilt=mean, saved=saved.mean, half_width=saved.half_width
                )
            )
        # The storms of one replication share its draws: their mean is one observation.
        both = [
            [math.fsum(column) / len(self._storms) for column in zip(*sides, strict=True)]
            for sides in (
                [stood[chosen, k] for k in range(len(self._storms))],
                [stood[frozenset(), k] for k in range(len(self._storms))],
            )
        ]
        overall = paired(both[0], both[1])
        return _OfSet(tuple(rows), overall.mean, overall.half_width)


def _confirmed(row: PlanRow, found: _OfSet) -> PlanRow:
    saved = [one.saved for one in found.by_storm]
    low, high, interval = min(saved), max(saved), "storms"
    if found.half_width is not None:
        low, high = found.mean - found.half_width, found.mean + found.half_width
        interval = "confidence"
    return row.model_copy(
        update={
            "confirmed": found.by_storm, "mean": found.mean, "low": low, "high": high,
            "interval": interval,
        }
    )  # fmt: skip


__all__ = ["Request", "study_works", "value_of", "works_network"]
