"""What the page of pump trucks leaves to others: checking, running and comparing."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Literal

from scenarios import document, library
from scenarios.emergency import SYSTEM, Study, study_trucks
from scenarios.emergency_sites import On
from scenarios.store import Store
from sim.kernel.errors import Cancelled, CityClockError


@dataclass(frozen=True)
class Question:
    """What the page asks."""

    scenario: str
    trucks: int
    replications: int
    on: On


@dataclass(frozen=True)
class Answer:
    """Where a question stands: ``arm`` and ``done`` while it runs, then the study or the error."""

    state: Literal["new", "running", "done", "failed", "cancelled"]
    arm: str = ""
    done: float = 0.0
    error: str = ""
    study: Study | None = None


@dataclass
class _Job:
    """A comparison on its way, and the wish to end it."""

    stop: threading.Event = field(default_factory=threading.Event)
    arm: str = ""
    done: float = 0.0
    future: Future[Study] | None = None


class PumpsDesk:
    """Answers for the page of pump trucks. Every method returns at once.

    The simulations run in processes of their own and are kept in the store, so a comparison that
    was cut short goes on where it stopped.
    """

    def __init__(self, store: Store) -> None:
        self._store = store
        self._pool = ThreadPoolExecutor(max_workers=1, thread_name_prefix="pumps")
        self._jobs: dict[Question, _Job] = {}
        self._reading: dict[tuple[int, ...], Future[dict[str, tuple[Mapping[str, str], int]]]] = {}
        self._lock = threading.Lock()

    def scenarios(self) -> Mapping[str, tuple[Mapping[str, str], int]] | None:
        """Titles and fleets of the scenarios with pump trucks, or none while they are read."""
        key = tuple(path.stat().st_mtime_ns for path in sorted(library.FOLDER.glob("*.toml")))
        with self._lock:
            if key not in self._reading:
                self._reading = {key: self._pool.submit(_with_trucks)}
            found = self._reading[key]
        return found.result() if found.done() else None

    def answer(self, question: Question) -> Answer:
        """Say how far a question is."""
        with self._lock:
            job = self._jobs.get(question)
        if job is None or job.future is None:
            return Answer("new")
        if not job.future.done():
            return Answer("running", job.arm, job.done)
        try:
            return Answer("done", study=job.future.result())
        except Cancelled:
            return Answer("cancelled")
        except CityClockError as error:
            return Answer("failed", error=str(error))

    def start(self, question: Question) -> None:
        """Compare in the background."""
        if self.answer(question).state == "running":
            return
        job = _Job()

        def tell(arm: str, done: float) -> None:
            job.arm, job.done = arm, done

        def work() -> Study:
            return study_trucks(
                document.load(question.scenario), self._store, trucks=question.trucks,
                replications=question.replications, on=question.on, progress=tell,
                cancelled=job.stop.is_set,
            )  # fmt: skip

        with self._lock:
            self._jobs[question] = job
            job.future = self._pool.submit(work)

    def cancel(self, question: Question) -> None:
        """Stop a comparison; what has been run is kept."""
        with self._lock:
            job = self._jobs.get(question)
        if job is not None:
            job.stop.set()


def _with_trucks() -> dict[str, tuple[Mapping[str, str], int]]:
    found: dict[str, tuple[Mapping[str, str], int]] = {}
    for name in library.names():
        try:
            scenario = document.load(name)
        except CityClockError:
            continue  # the first page lists what cannot be read, with the reason
        emergency = getattr(scenario.sections.get(SYSTEM), "emergency", None)
        if emergency is not None:
            fleet = sum(len(depot.nameplate_m3_h) for depot in emergency.depots)
            found[name] = (scenario.title, fleet)
    return found
