"""What the page of uncertainty leaves to others: replications and sensitivity in the background.

As with the desk, every method answers at once; checking, reading and starting happen in threads,
the runs in processes of their own. One of these serves all sessions.
"""

from __future__ import annotations

import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Hashable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any, Literal

from scenarios import batch, document
from scenarios.points import Points
from scenarios.run import Prepared, prepare
from scenarios.schema import StoredRun
from scenarios.sensitivity import Factor, Method, Sensitivity, Target, sensitivity
from scenarios.store import Store
from scenarios.uncertainty import Spread, check_random, observed_h, spread_of_runs
from sim.drainage.inputs import DrainageInputs
from sim.kernel.errors import Cancelled, CityClockError, InputError

State = Literal["checking", "unusable", "new", "running", "done", "failed", "cancelled"]
PENDING: frozenset[str] = frozenset({"checking", "running"})
KEPT_ANSWERS = 12
SWEEP_EVERY_S = 10.0


@dataclass(frozen=True)
class Replications:
    """A scenario and how often it is run."""

    scenario: str
    count: int


@dataclass(frozen=True)
class Standing:
    """Where a batch stands. ``spread`` is of what is done so far, from the first one on.

    ``zones`` are names by id and language.
    """

    state: State
    done: int = 0
    failed: int = 0
    fraction: float = 0.0
    error: str = ""
    spread: Spread | None = None
    zones: Mapping[str, Mapping[str, str]] = field(default_factory=dict)


@dataclass(frozen=True)
class Question:
    """What is asked of `sensitivity`."""

    scenario: str
    factors: tuple[Factor, ...]
    target: Target
    method: Method
    size: int


@dataclass(frozen=True)
class Answer:
    """Where a question stands."""

    state: State
    known: int = 0
    total: int = 0
    error: str = ""
    found: Sensitivity | None = None


class Studies:
    """Answers for the page of uncertainty.

    Parameters
    ----------
    store
        Where runs are kept, and points remembered.
    """

    def __init__(self, store: Store) -> None:
        self.store = store
        self._pool = ThreadPoolExecutor(max_workers=2, thread_name_prefix="studies")
        # A question waits for hours in its thread: it must not hold up what the page asks.
        self._long = ThreadPoolExecutor(max_workers=1, thread_name_prefix="sensitivity")
        self._answers: OrderedDict[Hashable, Future[Any]] = OrderedDict()
        self._progress: dict[Question, tuple[int, int]] = {}
        self._stops: dict[Question, threading.Event] = {}
        self._lock = threading.Lock()
        self._next_sweep_s = 0.0

    # --- replications ----------------------------------------------------------------------

    def standing(self, wanted: Replications) -> Standing:
        """Say how far a batch is."""
        checking = self._ask(("check", wanted.scenario), lambda: _checked(wanted.scenario))
        if not checking.done():
            return Standing("checking")
        try:
            prepared: Prepared = checking.result()
        except CityClockError as error:
            return Standing("unusable", error=str(error))
        self._sweep()
        starting = self._known(("start", wanted))
        if starting is not None and not starting.done():
            return Standing("running")
        found = batch.find(prepared, self.store, wanted.count)
        done = tuple(found[n] for n in sorted(found) if found[n].status == "done")
        going = len(found) - len(done)
        fraction = sum(1.0 if r.ended else r.progress for r in found.values()) / wanted.count
        reason = ""
        state: State = "running" if going else "done" if len(done) == wanted.count else "new"
        if starting is not None and state == "new":
            state, reason = self._ended(starting)
        reading = self._read(prepared, done) if done else None
        return Standing(
            state, len(done), max(wanted.count - len(found), 0) if state == "failed" else 0,
            fraction, reason, reading, _zones(prepared),
        )  # fmt: skip

    def start(self, wanted: Replications) -> None:
        """Run what is missing of a batch; its standing follows from the store."""

        def work() -> list[str]:
            return batch.start(_checked(wanted.scenario), self.store, wanted.count)

        self._forget(("start", wanted))
        self._ask(("start", wanted), work)

    def cancel(self, wanted: Replications) -> None:
        """Ask the batch's runs to stop; those that are done stay."""
        starting = self._known(("start", wanted))
        if starting is None or not starting.done():
            self._pool.submit(self._cancel_found, wanted)
        elif starting.exception() is None:
            self.store.request_cancel(starting.result())

    def _cancel_found(self, wanted: Replications) -> None:
        """Stop a batch that another session or an earlier life of the app has started."""
        found = batch.find(_checked(wanted.scenario), self.store, wanted.count)
        self.store.request_cancel([run.id for run in found.values() if not run.ended])

    def _ended(self, starting: Future[list[str]]) -> tuple[State, str]:
        """Why a batch that was started is neither under way nor done."""
        failure = starting.exception()
        if failure is not None:
            return "failed", str(failure)
        runs = [self.store.get(run_id) for run_id in starting.result()]
        reasons = [run.reason for run in runs if run.status == "failed"]
        return ("failed", reasons[0]) if reasons else ("cancelled", "")

    def _read(self, prepared: Prepared, done: tuple[StoredRun, ...]) -> Spread | None:
        """The figures of the runs that are done: the newest there are, while more are read."""
        ids = tuple(run.id for run in done)

        def work() -> Spread:
            return spread_of_runs(done, self.store, observed_h(prepared))

        reading = self._ask(("spread", ids), work)
        latest = ("latest spread", prepared.hash)
        if reading.done():
            with self._lock:
                self._answers[latest] = reading
            found: Spread = reading.result()
            return found
        before = self._known(latest)
        return before.result() if before is not None else None

    # --- sensitivity -----------------------------------------------------------------------

    def answer(self, question: Question) -> Answer:
        """Say how far a question is."""
        asked = self._known(("question", question))
        known, total = self._progress.get(question, (0, 0))
        if asked is None:
            return Answer("new")
        if not asked.done():
            return Answer("running", known, total)
        try:
            return Answer("done", known, total, found=asked.result())
        except Cancelled:
            return Answer("cancelled", known, total)
        except CityClockError as error:
            return Answer("failed", known, total, str(error))

    def ask(self, question: Question) -> None:
        """Begin to answer a question; points that are known are not run again."""
        stop = threading.Event()

        def tell(known: int, total: int) -> None:
            self._progress[question] = (known, total)

        def work() -> Sensitivity:
            prepared = prepare(document.load(question.scenario))
            points = Points(question.scenario, (), self.store.location.folder)
            return sensitivity(
                points, question.factors, question.target, question.method, question.size,
                observed_h=observed_h(prepared), progress=tell, cancelled=stop.is_set,
            )  # fmt: skip

        self._forget(("question", question))
        self._stops[question] = stop
        self._ask(("question", question), work, self._long)

    def stop(self, question: Question) -> None:
        """Ask for an answer no more; what was computed is remembered."""
        if question in self._stops:
            self._stops[question].set()

    # --- inside ----------------------------------------------------------------------------

    def _known(self, key: Hashable) -> Future[Any] | None:
        with self._lock:
            return self._answers.get(key)

    def _forget(self, key: Hashable) -> None:
        with self._lock:
            self._answers.pop(key, None)

    def _ask(
        self, key: Hashable, work: Callable[[], Any], pool: ThreadPoolExecutor | None = None
    ) -> Future[Any]:
        """The future of `work` under `key`, started once; the oldest ended ones are forgotten."""
        with self._lock:
            known = self._answers.get(key)
            if known is None:
                known = self._answers[key] = (pool or self._pool).submit(work)
            self._answers.move_to_end(key)
            for old in [k for k, answer in self._answers.items() if answer.done()]:
                if len(self._answers) <= KEPT_ANSWERS:
                    break
                if old != key:
                    del self._answers[old]
        return known

    def _sweep(self) -> None:
        now = time.monotonic()
        if now >= self._next_sweep_s:
            self._next_sweep_s = now + SWEEP_EVERY_S
            self._pool.submit(self.store.sweep)


def _checked(name: str) -> Prepared:
    prepared = prepare(document.load(name))
    check_random(prepared)
    return prepared


def is_random(name: str) -> bool:
    """Say whether a scenario's document leaves anything to chance, without reading its files."""
    try:
        check_random(Prepared(document.load(name), {}, ""))
    except InputError:
        return False
    return True


def _zones(prepared: Prepared) -> dict[str, dict[str, str]]:
    found: dict[str, dict[str, str]] = {}
    for inputs in prepared.inputs.values():
        if isinstance(inputs, DrainageInputs):
            for zone in inputs.network.zones:
                found[zone.id] = {"en": zone.name_en, "zh": zone.name_zh}
    return found
