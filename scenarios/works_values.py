"""What a set of works is worth: simulated, kept by content, in worker processes if wanted."""

from __future__ import annotations

import json
import multiprocessing
import os
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from dataclasses import asdict, dataclass
from hashlib import blake2b
from pathlib import Path
from types import TracebackType
from typing import cast

import numpy as np

from scenarios import document
from scenarios.content import content_hash
from scenarios.run import prepare
from scenarios.version import code_version
from scenarios.works_storms import SYSTEM, Storm
from sim.city import simulate
from sim.drainage.inputs import DrainageInputs
from sim.kernel.recorder import Record

Chosen = frozenset[str]


@dataclass(frozen=True)
class Outcome:
    """How much water stood how long.

    Attributes
    ----------
    depth_hours
        Ponded depth over time, summed over the points, m h.
    area_hours
        The same with each point's depth times its ponding area at the waterlogging depth, m3 h.
    """

    depth_hours: float
    area_hours: float


@dataclass(frozen=True)
class Task:
    """One simulation: number of the storm, works, replication; none for nothing left to chance."""

    storm: int
    works: Chosen
    replication: int | None = None


def outcome_of(record: Record, inputs: DrainageInputs) -> Outcome:
    """Return how much water stood how long in a run (trapezoidal rule on the recorded grid)."""
    series = record.series[SYSTEM, "ponded_depth"]
    by_point = np.trapezoid(series.values, series.time_s, axis=0) / 3600.0
    area = {point.id: point.area_m2 for point in inputs.points}
    areas = np.array([area[name] for name in series.entities])
    return Outcome(float(by_point.sum()), float(by_point @ areas))


class Simulator:
    """Runs sets of works through storms in this process.

    Parameters
    ----------
    kept
        Folder where outcomes are kept, by the hash of all that decides them; none for nowhere.
    """

    def __init__(self, storms: Sequence[Storm], kept: Path | None = None) -> None:
        self._storms, self._kept = tuple(storms), kept
        self._fixed = [_without_chance(storm) for storm in storms]
        self._hashes: dict[tuple[int, bool], str] = {}
        if kept is not None:
            kept.mkdir(parents=True, exist_ok=True)

    def outcome(self, task: Task) -> Outcome:
        """Return the outcome of a task: the kept one, or by simulation with the native engine.

        Raises
        ------
        InputError
            The network with these works cannot be used.
        sim.kernel.errors.LedgerError
            Water was lost.
        """
        file = self._kept / f"{self._hash(task)}.json" if self._kept is not None else None
        if file is not None and file.is_file():
            return Outcome(**json.loads(file.read_text(encoding="utf-8")))
        scenario = self._scenario(task).with_value(SYSTEM, "works", sorted(task.works))
        prepared = prepare(scenario)
        record = simulate(
            prepared.inputs, scenario.start, scenario.duration_s, scenario.seed,
            task.replication or 0,
        )  # fmt: skip
        outcome = outcome_of(record, cast("DrainageInputs", prepared.inputs[SYSTEM]))
        if file is not None:
            _keep(file, outcome)
        return outcome

    def outcomes(self, tasks: Iterable[Task]) -> Iterator[Outcome]:
        """Yield the outcomes of tasks, in order."""
        return map(self.outcome, tasks)

    def _scenario(self, task: Task) -> document.Scenario:
        chance = task.replication is not None
        return self._storms[task.storm].scenario if chance else self._fixed[task.storm]

    def _hash(self, task: Task) -> str:
        """All that decides an outcome. The files are the same for all works of a storm."""
        key = (task.storm, task.replication is not None)
        if key not in self._hashes:
            scenario = self._scenario(task)
            files = {name: got.files for name, got in prepare(scenario).inputs.items()}
            self._hashes[key] = content_hash(scenario, files)
        content = [self._hashes[key], sorted(task.works), task.replication, code_version().digest]
        return blake2b(json.dumps(content).encode(), digest_size=16).hexdigest()


class SimulatorPool:
    """The same in worker processes; use it as a context manager."""

    def __init__(self, storms: Sequence[Storm], kept: Path | None, workers: int) -> None:
        self._pool = ProcessPoolExecutor(
            workers,
            # Not forked: the parent may have threads (a page, a progress bar).
            mp_context=multiprocessing.get_context("spawn"),
            initializer=_open,
            initargs=([(s.name, s.years, s.scenario.to_json()) for s in storms], kept),
        )

    def outcomes(self, tasks: Iterable[Task]) -> Iterator[Outcome]:
        """Yield the outcomes of tasks, in order; those not asked for any more are not begun."""
        futures = [self._pool.submit(_outcome, task) for task in tasks]
        return _results(futures)

    def __enter__(self) -> SimulatorPool:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        at: TracebackType | None,
    ) -> None:
        self._pool.shutdown(wait=True, cancel_futures=True)


def _results(futures: Sequence[Future[Outcome]]) -> Iterator[Outcome]:
    try:
        for future in futures:
            yield future.result()
    finally:
        for future in futures:
            future.cancel()


def _without_chance(storm: Storm) -> document.Scenario:
    """Searching compares sets under the same course of events, so nothing fails and nothing varies
    in it; what chance does to the plans found is seen when they are run again."""
    scenario = storm.scenario
    for key in ("pump_failures", "uncertainty"):
        if getattr(scenario.sections[SYSTEM], key, None) is not None:
            scenario = scenario.with_value(SYSTEM, key, None)
    return scenario


def _keep(file: Path, outcome: Outcome) -> None:
    # Two workers may have computed the same: each writes a file of its own and renames it.
    own = file.with_suffix(f".{os.getpid()}.tmp")
    own.write_text(json.dumps(asdict(outcome)), encoding="utf-8")
    own.replace(file)


# --- in a worker ---------------------------------------------------------------------------

_opened: list[Simulator] = []


def _open(storms: Sequence[tuple[str, float | None, str]], kept: Path | None) -> None:
    built = [Storm(name, years, document.from_json(text)) for name, years, text in storms]
    _opened[:] = [Simulator(built, kept)]


def _outcome(task: Task) -> Outcome:
    return _opened[0].outcome(task)
