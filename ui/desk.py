"""What the pages leave to others: checking, running and reading happen away from the page.

A page's script may not take longer than 0.2 s. So it asks the desk, which answers at once with
where things stand; the work itself is done by a few threads (checking a scenario, reading a
record) or by processes of their own (the runs). One desk serves all sessions.
"""

from __future__ import annotations

import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Hashable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, Literal, TypeVar

from scenarios import document, library
from scenarios.charts.run_view import RunView
from scenarios.document import Scenario
from scenarios.run import Prepared, prepare, submit
from scenarios.run_views import view_of_run
from scenarios.schema import StoredRun
from scenarios.store import Store
from scenarios.version import ROOT, code_version
from sim.kernel.errors import CityClockError

Answer = TypeVar("Answer")

State = Literal[
    "checking", "unusable", "new", "queued", "running", "reading", "done", "failed", "cancelled"
]
#: States that will change on their own, so that a page should ask again.
PENDING: frozenset[str] = frozenset({"checking", "queued", "running", "reading"})
SWEEP_EVERY_S = 10.0
KEPT_ANSWERS = 24
#: Figures are small beside records, but a page full of them should not push the records out.
KEPT_DRAWINGS = 16


@dataclass(frozen=True)
class Arm:
    """One side of a comparison: a scenario and what the page changes in it."""

    scenario: str
    rain_multiplier: float | None = None
    engine: str | None = None


@dataclass(frozen=True)
class Standing:
    """Where an arm stands. ``error`` says why it is unusable or failed; ``view`` is its result."""

    state: State
    run: StoredRun | None = None
    error: str = ""
    view: RunView | None = None

    @property
    def pending(self) -> bool:
        return self.state in PENDING


@dataclass(frozen=True)
class Shelf:
    """The scenarios there are, by name, and what is wrong with those that cannot be read.

    Titles and descriptions are by language.
    """

    titles: Mapping[str, Mapping[str, str]]
    descriptions: Mapping[str, Mapping[str, str]]
    unreadable: Mapping[str, str]


class Desk:
    """Answers for pages. Every method returns at once.

    Parameters
    ----------
    store
        Where runs are kept.
    """

    def __init__(self, store: Store) -> None:
        self.store = store
        self._pool = ThreadPoolExecutor(max_workers=2, thread_name_prefix="desk")
        self._answers: OrderedDict[Hashable, Future[Any]] = OrderedDict()
        self._drawings: OrderedDict[Hashable, Future[Any]] = OrderedDict()
        self._lock = threading.Lock()
        self._next_sweep_s = 0.0

    # --- scenarios -------------------------------------------------------------------------

    def shelf(self) -> Shelf | None:
        """The library, or none while it is being read; read again when a file changes."""
        files = tuple(
            (path.name, path.stat().st_mtime_ns) for path in sorted(library.FOLDER.glob("*.toml"))
        )
        answer = self._ask(("shelf", files), _read_shelf)
        return answer.result() if answer.done() else None

    # --- arms ------------------------------------------------------------------------------

    def standing(self, arm: Arm) -> Standing:
        """Say how far an arm is, from the check of its documents to its result."""
        checking = self._ask(("check", arm, _fingerprint()), lambda: check(arm))
        if not checking.done():
            return Standing("checking")
        try:
            prepared = checking.result()
        except CityClockError as error:
            return Standing("unusable", error=str(error))
        self._sweep()
        starting = self._start_of(arm)
        if starting is not None and not starting.done():
            return Standing("queued")
        run = self._latest(prepared)
        if run is None:
            failure = starting.exception() if starting is not None else None
            return Standing("failed", error=str(failure)) if failure else Standing("new")
        if run.status != "done":
            return Standing(run.status, run, run.reason)
        reading = self._ask(("view", run.id), lambda: view_of_run(self.store, run, prepared))
        if not reading.done():
            return Standing("reading", run)
        try:
            return Standing("done", run, view=reading.result())
        except CityClockError as error:
            return Standing("failed", run, str(error))

    def start(self, arm: Arm) -> None:
        """Run an arm in a process of its own. Its standing follows from the store."""

        def work() -> list[str]:
            return submit(check(arm).scenario, store=self.store)

        with self._lock:
            self._answers.pop(("start", arm), None)
        self._ask(("start", arm), work)

    def cancel(self, arm: Arm) -> None:
        """Ask the arm's run to stop; it says so itself when it has.

        A run that is only on its way to the store is stopped when it gets there.
        """
        starting = self._start_of(arm)
        if starting is not None and not starting.done():
            starting.add_done_callback(self._cancel_started)
            return
        run = self.standing(arm).run
        if run is not None and not run.ended:
            self.store.request_cancel([run.id])

    def _latest(self, prepared: Prepared) -> StoredRun | None:
        """The finished run with this very content, else the latest attempt at it."""
        code, scenario = code_version(), prepared.scenario
        done = self.store.same(prepared.hash, scenario.seed, 0, code)
        if done is not None:
            return done
        for run in self.store.runs(scenario=scenario.name, limit=50):
            same = run.hash == prepared.hash and run.code_digest == code.digest
            if same and run.seed == scenario.seed and run.replication == 0:
                return run
        return None

    # --- finished runs ---------------------------------------------------------------------

    def finished(self, limit: int) -> list[StoredRun]:
        """The latest finished runs, newest first."""
        return self.store.runs(status=("done",), limit=limit)

    def result(self, run: StoredRun) -> Standing:
        """A finished run with its result once it has been read; failed if it cannot be."""
        reading = self._ask(("view", run.id), lambda: view_of_run(self.store, run))
        if not reading.done():
            return Standing("reading", run)
        try:
            return Standing("done", run, view=reading.result())
        except CityClockError as error:
            return Standing("failed", run, str(error))

    def drawn(self, key: Hashable, draw: Callable[[], Answer]) -> Answer | None:
        """What `draw` returns, made once per key away from the page; none until it is there."""
        answer = self._ask(key, draw, self._drawings, KEPT_DRAWINGS)
        return answer.result() if answer.done() else None

    # --- inside ----------------------------------------------------------------------------

    def _start_of(self, arm: Arm) -> Future[Any] | None:
        """The latest `start` of an arm, which may still be on its way to the store."""
        with self._lock:
            return self._answers.get(("start", arm))

    def _ask(
        self,
        key: Hashable,
        work: Callable[[], Answer],
        answers: OrderedDict[Hashable, Future[Any]] | None = None,
        most: int = KEPT_ANSWERS,
    ) -> Future[Answer]:
        """The future of `work` under `key`, started once; the oldest answers are forgotten."""
        answers = self._answers if answers is None else answers
        with self._lock:
            known = answers.get(key)
            if known is None:
                known = answers[key] = self._pool.submit(work)
            answers.move_to_end(key)
            while len(answers) > most:
                answers.popitem(last=False)
        return known

    def _cancel_started(self, started: Future[Any]) -> None:
        if started.exception() is None:
            self.store.request_cancel(started.result())

    def _sweep(self) -> None:
        """Now and then, end the runs whose process was killed, so that nobody waits for them."""
        now = time.monotonic()
        if now >= self._next_sweep_s:
            self._next_sweep_s = now + SWEEP_EVERY_S
            self._pool.submit(self.store.sweep)


def check(arm: Arm) -> Prepared:
    """Load an arm's scenario with the page's changes and everything it names.

    Raises
    ------
    InputError
        If something in it cannot be used.
    """
    scenario: Scenario = document.load(arm.scenario)
    if arm.rain_multiplier is not None:
        for name, spec in scenario.sections.items():
            own = getattr(spec, "rain_multiplier", None)
            if own is not None:
                value = round(own * arm.rain_multiplier, 6)
                scenario = scenario.with_value(name, "rain_multiplier", value)
    return prepare(scenario, engine=arm.engine)


def _fingerprint() -> tuple[tuple[str, int], ...]:
    """Changes when a document of the library or the data behind it does: a reason to look again."""
    files = [*library.FOLDER.glob("*.toml"), *(ROOT / "data").rglob("*.*")]
    return tuple(
        (path.name, path.stat().st_mtime_ns)
        for path in sorted(files)
        if path.is_file() and "__pycache__" not in path.parts
    )


def _read_shelf() -> Shelf:
    titles: dict[str, Mapping[str, str]] = {}
    descriptions: dict[str, Mapping[str, str]] = {}
    unreadable: dict[str, str] = {}
    for name in library.names():
        try:
            scenario = document.load(name)
            titles[name], descriptions[name] = scenario.title, scenario.description
        except CityClockError as error:
            unreadable[name] = str(error)
    return Shelf(titles, descriptions, unreadable)
