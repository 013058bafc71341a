"""A scenario evaluated at many settings of its parameters, by worker processes, and remembered.

What a point gave is written down beside the store as soon as it is known, under the hash of the
scenario and of the code: asked again, or after a cancellation, only what is missing is run. No
series are kept.
"""

from __future__ import annotations

import json
import multiprocessing
from collections.abc import Callable, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from dataclasses import dataclass
from hashlib import blake2b
from multiprocessing.synchronize import Event
from pathlib import Path

from scenarios import document
from scenarios.run import prepare
from scenarios.version import code_version
from sim.city import simulate
from sim.kernel import registry
from sim.kernel.errors import Cancelled
from sim.kernel.system import Kpi

WORKERS = 2
FOLDER = "points"
"""Where points are remembered, in the folder of the store."""
_POLL_S = 0.25

Settings = tuple[str, ...]
"""``path=value`` texts on top of a document."""


@dataclass(frozen=True)
class Points:
    """A scenario to be evaluated at settings of its parameters.

    Attributes
    ----------
    scenario
        Library name or path.
    settings
        Those that hold at every point.
    folder
        Where to remember what was found; none forgets it.
    workers
        Processes; with 1 the points are run here.
    """

    scenario: str
    settings: Settings = ()
    folder: Path | None = None
    workers: int = WORKERS

    def evaluate(
        self,
        points: Sequence[Settings],
        *,
        replication: int = 0,
        progress: Callable[[int], None] | None = None,
        cancelled: Callable[[], bool] | None = None,
    ) -> list[tuple[Kpi, ...]]:
        """Return the KPIs at each point, in order.

        All points share the seed and the replication, so they differ by their settings only.

        Parameters
        ----------
        progress
            Told how many points are known, from the start on.
        cancelled
            Asked a few times a second.

        Raises
        ------
        Cancelled
            If ``cancelled`` said so. What was found by then is remembered.
        CityClockError
            If a point cannot be run; nothing more is started then.
        """
        tell = progress or (lambda _: None)
        memory = _Memory(self, replication)
        wanted = dict.fromkeys((*self.settings, *point) for point in points)
        missing = [settings for settings in wanted if settings not in memory.known]
        tell(sum(1 for p in points if (*self.settings, *p) in memory.known))

        def keep(settings: Settings, kpis: tuple[Kpi, ...]) -> None:
            memory.add(settings, kpis)
            tell(sum(1 for p in points if (*self.settings, *p) in memory.known))

        if self.workers == 1:
            for settings in missing:
                keep(settings, run_point(self.scenario, settings, replication, cancelled))
        elif missing:
            self._in_processes(missing, replication, keep, cancelled)
        return [memory.known[(*self.settings, *point)] for point in points]

    def _in_processes(
        self,
        missing: Sequence[Settings],
        replication: int,
        keep: Callable[[Settings, tuple[Kpi, ...]], None],
        cancelled: Callable[[], bool] | None,
    ) -> None:
        # Not forked: a page has threads, and a forked lock may stay locked for ever.
        context = multiprocessing.get_context("spawn")
        stop = context.Event()
        pool = ProcessPoolExecutor(self.workers, context, initializer=_listen, initargs=(stop,))
        try:
            waiting: dict[Future[tuple[Kpi, ...]], Settings] = {
                pool.submit(_in_worker, self.scenario, settings, replication): settings
                for settings in missing
            }
            while waiting:
                done, _ = wait(waiting, _POLL_S, FIRST_COMPLETED)
                for future in done:
                    keep(waiting.pop(future), future.result())
                if cancelled is not None and cancelled():
                    raise Cancelled("the evaluation was cancelled")
        finally:
            stop.set()
            pool.shutdown(cancel_futures=True)


def run_point(
    scenario: str,
    settings: Settings,
    replication: int,
    cancelled: Callable[[], bool] | None = None,
) -> tuple[Kpi, ...]:
    """Run one point here and return its KPIs."""
    prepared = prepare(document.load(scenario, settings))
    found = prepared.scenario
    record = simulate(
        prepared.inputs, found.start, found.duration_s, found.seed, replication,
        cancelled=cancelled, systems=registry.systems(),
    )  # fmt: skip
    available = registry.systems()
    return tuple(
        kpi
        for name, inputs in prepared.inputs.items()
        for kpi in available[name].kpis(inputs, record)
    )


# --- workers -------------------------------------------------------------------------------

_stop: Event | None = None


def _listen(stop: Event) -> None:
    global _stop  # noqa: PLW0603 - an event can reach a pool's worker only at its start
    _stop = stop


def _in_worker(scenario: str, settings: Settings, replication: int) -> tuple[Kpi, ...]:
    return run_point(scenario, settings, replication, _stop.is_set if _stop is not None else None)


# --- memory --------------------------------------------------------------------------------


class _Memory:
    """The points that are known, in a file of one JSON line each."""

    def __init__(self, points: Points, replication: int) -> None:
        self.known: dict[Settings, tuple[Kpi, ...]] = {}
        self._path: Path | None = None
        if points.folder is None:
            return
        base = prepare(document.load(points.scenario)).hash
        text = json.dumps([base, code_version().digest, replication])
        name = blake2b(text.encode(), digest_size=12).hexdigest()
        self._path = points.folder / FOLDER / f"{name}.jsonl"
        if self._path.is_file():
            for line in self._path.read_text(encoding="utf-8").splitlines():
                self._read(line)

    def _read(self, line: str) -> None:
        try:
            settings, kpis = json.loads(line)
        except json.JSONDecodeError:
            return  # the line a killed process left half written; its point is run again
        self.known[tuple(settings)] = tuple(Kpi.model_validate(kpi) for kpi in kpis)

    def add(self, settings: Settings, kpis: tuple[Kpi, ...]) -> None:
        self.known[settings] = kpis
        if self._path is None:
            return
        self._path.parent.mkdir(parents=True, exist_ok=True)
        text = json.dumps([settings, [kpi.model_dump() for kpi in kpis]], allow_nan=False)
        with self._path.open("a", encoding="utf-8") as file:
            file.write(f"{text}\n")
