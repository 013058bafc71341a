"""What the page of works leaves to others: checking, searching and reading happen elsewhere."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, Literal

from scenarios import document, library
from scenarios.location import Location
from scenarios.works import Request, works_network
from scenarios.works_job import Standing, WorksJob, key_of
from scenarios.works_storms import SYSTEM
from scenarios.works_study import Study
from sim.drainage.network import Network
from sim.kernel.errors import CityClockError

KEPT_ANSWERS = 24


@dataclass(frozen=True)
class Question:
    """What the page asks: a scenario of the library and the request."""

    scenario: str
    request: Request


@dataclass(frozen=True)
class Answer:
    """Where a question stands. ``progress`` is the job's; ``study`` and ``network`` its result."""

    state: Literal["checking", "unusable", "new", "running", "reading", "done", "failed"]
    progress: Standing = Standing("new")
    error: str = ""
    study: Study | None = None
    network: Network | None = None
    key: str = ""

    @property
    def pending(self) -> bool:
        return self.state in ("checking", "running", "reading")


class WorksDesk:
    """Answers for the page of works. Every method returns at once."""

    def __init__(self, location: Location) -> None:
        self._location = location
        self._pool = ThreadPoolExecutor(max_workers=2, thread_name_prefix="works")
        self._answers: OrderedDict[Hashable, Future[Any]] = OrderedDict()
        self._lock = threading.Lock()

    def scenarios(self) -> Mapping[str, Mapping[str, str]] | None:
        """Titles of the scenarios whose network has works, or none while they are read."""
        found = self._ask(("scenarios", _fingerprint()), _with_works)
        return found.result() if found.done() else None

    def answer(self, question: Question) -> Answer:
        """Say how far a question is."""
        checking = self._ask(("key", question, _fingerprint()), lambda: _key(question))
        if not checking.done():
            return Answer("checking")
        try:
            key = checking.result()
        except CityClockError as error:
            return Answer("unusable", error=str(error))
        starting = self._known(("start", key))
        if starting is not None and not starting.done():
            return Answer("running", Standing("running"), key=key)
        if starting is not None and starting.exception() is not None:
            return Answer("failed", error=str(starting.exception()), key=key)
        standing = WorksJob(self._location, key).standing()
        if standing.state != "done":
            state: Any = standing.state
            return Answer(state, standing, standing.error, key=key)
        reading = self._ask(("study", key), lambda: self._read(question, key))
        if not reading.done():
            return Answer("reading", standing, key=key)
        try:
            study, network = reading.result()
        except (CityClockError, OSError, ValueError) as error:
            return Answer("failed", standing, str(error), key=key)
        return Answer("done", standing, study=study, network=network, key=key)

    def start(self, question: Question) -> None:
        """Search in a process of its own."""
        key = self.answer(question).key
        if not key:
            return
        with self._lock:
            for old in (("start", key), ("study", key)):
                self._answers.pop(old, None)
        self._ask(
            ("start", key),
            lambda: WorksJob(self._location, key).start(
                document.load(question.scenario), question.request
            ),
        )

    def cancel(self, question: Question) -> None:
        """Ask the search to end with the best plans so far."""
        key = self.answer(question).key
        if key:
            WorksJob(self._location, key).cancel()

    # --- inside ----------------------------------------------------------------------------

    def _read(self, question: Question, key: str) -> tuple[Study, Network]:
        study = WorksJob(self._location, key).study()
        return study, works_network(document.load(question.scenario))

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


def _key(question: Question) -> str:
    return key_of(document.load(question.scenario), question.request)


def _with_works() -> dict[str, Mapping[str, str]]:
    found: dict[str, Mapping[str, str]] = {}
    for name in library.names():
        try:
            scenario = document.load(name)
        except CityClockError:
            continue  # the first page lists what cannot be read, with the reason
        spec = scenario.sections.get(SYSTEM)
        if spec is not None and (scenario.folder / spec.network / "works.csv").is_file():  # type: ignore[attr-defined]
            found[name] = scenario.title
    return found


def _fingerprint() -> tuple[int, ...]:
    """Changes when a document of the library does, so that an edited scenario is checked again."""
    return tuple(path.stat().st_mtime_ns for path in sorted(library.FOLDER.glob("*.toml")))
