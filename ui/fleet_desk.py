"""What the pages of the fleet leave to others: checking, running, solving and reading."""

from __future__ import annotations

import csv
import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal

import plotly.graph_objects as go

from scenarios import document, fleet_job, library
from scenarios.document import Scenario
from scenarios.fleet_answers import Answer as Found
from scenarios.fleet_ground import Ground, ground_of
from scenarios.fleet_job import ENOUGH, Asked
from scenarios.fleet_plan_view import PlanView
from scenarios.fleet_view import FleetView, fleet_view
from scenarios.job_folder import JobFolder
from scenarios.routes import SYSTEM, Study, fleet_inputs
from scenarios.run import submit
from scenarios.schema import StoredRun
from scenarios.store import Store
from sim.fleet.spec import FleetSpec
from sim.kernel.errors import CityClockError

KEPT_ANSWERS = 32
SHOWN_RUNS = 40

State = Literal[
    "checking", "unusable", "new", "running", "reading", "done", "failed", "cancelled"
]  # fmt: skip


@dataclass(frozen=True)
class Case:
    """A scenario of the library with a fleet: how many trucks and guns, whether anything in it
    goes out of order, and how many days it lasts."""

    title: Mapping[str, str]
    trucks: int
    guns: int
    outages: bool
    start: datetime
    days: int


@dataclass(frozen=True)
class Question:
    """What a page asks: a scenario of the library, what of it, and settings that change it."""

    scenario: str
    asked: Asked
    settings: tuple[str, ...] = ()


@dataclass(frozen=True)
class Answer:
    """Where a question stands. ``told`` is the job's progress; the rest its result."""

    state: State
    told: Mapping[str, Any] = field(default_factory=dict)
    error: str = ""
    found: Found | None = None
    plan: PlanView | None = None
    ground: Ground | None = None

    @property
    def pending(self) -> bool:
        return self.state in ("checking", "running", "reading")


@dataclass(frozen=True)
class Reading:
    """A run that is being read: its view, or why it cannot be read, or neither yet."""

    view: FleetView | None = None
    error: str = ""


class FleetDesk:
    """Answers for the pages of the fleet. Every method returns at once."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self._pool = ThreadPoolExecutor(max_workers=2, thread_name_prefix="fleet")
        self._answers: OrderedDict[Hashable, Future[Any]] = OrderedDict()
        self._lock = threading.Lock()

    # --- scenarios and runs ----------------------------------------------------------------

    def cases(self) -> Mapping[str, Case] | None:
        """Scenarios with a fleet by name, or none while they are read."""
        found = self._ask(("cases", _fingerprint()), _cases)
        return found.result() if found.done() else None

    def runs(self, scenario: str) -> list[StoredRun]:
        """Return the latest runs of a scenario that are done or under way, newest first."""
        wanted = ("queued", "running", "done")
        return self.store.runs(scenario=scenario, status=wanted, limit=SHOWN_RUNS)

    def run(self, run_id: str) -> StoredRun | None:
        """Return a run, if there is one of this name."""
        try:
            return self.store.get(run_id)
        except CityClockError:
            return None

    def start_run(self, scenario: str, replications: int) -> None:
        """Run a scenario in a process of its own."""
        with self._lock:
            self._answers.pop(("run", scenario), None)
        self._ask(
            ("run", scenario),
            lambda: submit(
                document.load(scenario), store=self.store, replications=replications
            ),
        )  # fmt: skip

    def starting(self, scenario: str) -> tuple[bool, str]:
        """Return whether a run is on its way to the store, and why it did not get there."""
        begun = self._known(("run", scenario))
        if begun is None:
            return False, ""
        if not begun.done():
            return True, ""
        error = begun.exception()
        return False, "" if error is None else str(error)

    def cancel_run(self, run_ids: Sequence[str]) -> None:
        """Ask runs to stop."""
        self.store.request_cancel(list(run_ids))

    def read(self, run: StoredRun) -> Reading:
        """Return a finished run, as far as it has been read."""
        return _reading(self._ask(("view", run.id), lambda: fleet_view(self.store, run)))

    def drawing(self, key: Hashable, work: Callable[[], go.Figure]) -> go.Figure | None:
        """Return a figure that takes longer than a page may, or none while it is drawn."""
        found = self._ask(("drawing", key), work)
        return found.result() if found.done() else None

    def drawn(self, key: Hashable) -> bool:
        """Whether nobody draws this figure any more."""
        found = self._known(("drawing", key))
        return found is None or found.done()

    # --- studies ---------------------------------------------------------------------------

    def answer(self, question: Question) -> Answer:
        """Say how far a question is."""
        checking = self._ask(("key", question, _fingerprint()), lambda: _key(question))
        if not checking.done():
            return Answer("checking")
        if checking.exception() is not None:
            return Answer("unusable", error=_words(checking.exception()))
        key = checking.result()
        starting = self._known(("start", key))
        if starting is not None and not starting.done():
            return Answer("running")
        if starting is not None and starting.exception() is not None:
            return Answer("failed", error=_words(starting.exception()))
        standing = fleet_job.job(self.store.location, key).standing()
        if standing.state != "done":
            return Answer(standing.state, standing.told, standing.error)
        reading = self._ask(("study", key), lambda: self._read(key))
        if not reading.done():
            return Answer("reading")
        if reading.exception() is not None:
            return Answer("failed", error=_words(reading.exception()))
        found, plan, ground = reading.result()
        return Answer("done", found=found, plan=plan, ground=ground)

    def start(self, question: Question) -> None:
        """Answer a question in a process of its own."""
        checking = self._known(("key", question, _fingerprint()))
        if checking is None or not checking.done() or checking.exception() is not None:
            return
        key = checking.result()
        with self._lock:
            for old in (("start", key), ("study", key)):
                self._answers.pop(old, None)
        self._ask(
            ("start", key),
            lambda: fleet_job.start(
                self.store.location, key, scenario_of(question), question.asked
            ),
        )  # fmt: skip

    def enough(self, question: Question) -> None:
        """Ask a search to end with the best plan so far."""
        job = self._job(question)
        if job is not None:
            job.wish(ENOUGH)

    def stop(self, question: Question) -> None:
        """Ask a study to end without an answer; what was simulated is kept."""
        job = self._job(question)
        if job is not None:
            job.stop()

    def _job(self, question: Question) -> JobFolder | None:
        checking = self._known(("key", question, _fingerprint()))
        if checking is None or not checking.done() or checking.exception() is not None:
            return None
        return fleet_job.job(self.store.location, checking.result())

    # --- inside ----------------------------------------------------------------------------

    def _read(self, key: str) -> tuple[Found, PlanView | None, Ground | None]:
        found = fleet_job.read(self.store.location, key, self.store)
        plan = None
        if isinstance(found, Study):
            plan = PlanView(found, fleet_inputs(found.scenario))
        return found, plan, ground_of(found.scenario)

    def _known(self, key: Hashable) -> Future[Any] | None:
        with self._lock:
            return self._answers.get(key)

    def _ask(self, key: Hashable, work: Callable[[], Any]) -> Future[Any]:
        with self._lock:
            known = self._answers.get(key)
            if known is None:
                known = self._answers[key] = self._pool.submit(work)
            self._answers.move_to_end(key)
            while len(self._answers) > KEPT_ANSWERS:
                self._answers.popitem(last=False)
        return known


def scenario_of(question: Question) -> Scenario:
    """Return the scenario of a question with its settings.

    Raises
    ------
    InputError
        If a setting cannot be used.
    """
    return document.load(question.scenario, question.settings)


def _key(question: Question) -> str:
    return fleet_job.key_of(scenario_of(question), question.asked)


def _reading(found: Future[Any]) -> Reading:
    if not found.done():
        return Reading()
    if found.exception() is not None:
        return Reading(error=_words(found.exception()))
    return Reading(found.result())


def _words(error: BaseException | None) -> str:
    return str(error) if isinstance(error, CityClockError) else repr(error)


def _cases() -> dict[str, Case]:
    found: dict[str, Case] = {}
    for name in library.names():
        try:
            scenario = document.load(name)
        except CityClockError:
            continue  # the first page lists what cannot be read, with the reason
        spec = scenario.sections.get(SYSTEM)
        if isinstance(spec, FleetSpec):
            guns = _rows(scenario, spec.tables, "chargers", spec.chargers)
            found[name] = Case(
                title=scenario.title,
                trucks=len(_rows(scenario, spec.tables, "trucks", spec.trucks)),
                guns=sum(int(row.get("guns") or 1) for row in guns if _whole(row.get("guns"))),
                outages=spec.outages is not None,
                start=scenario.start,
                days=int(scenario.duration_h // 24) + (scenario.duration_h % 24 > 0),
            )
    return found


def _rows(scenario: Scenario, tables: str, name: str, instead: str | None) -> list[dict[str, str]]:
    """Return the rows of a table as they stand; whether they can be used is found out later."""
    file = scenario.folder / (instead or f"{tables}/{name}.csv")
    if not file.is_file():
        return []
    with file.open(encoding="utf-8-sig", newline="") as stream:
        return list(csv.DictReader(stream))


def _whole(text: str | None) -> bool:
    return not text or text.isdecimal()


def _fingerprint() -> tuple[int, ...]:
    """Changes when a document of the library does, so that an edited scenario is checked again."""
    return tuple(path.stat().st_mtime_ns for path in sorted(library.FOLDER.glob("*.toml")))
