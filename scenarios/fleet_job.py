"""Studies of a fleet in a process of their own: routes, sizes, responses.

The same question finds its answer again: a job is named by a hash of all that decides it.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from hashlib import blake2b
from typing import Any

from optimize.routing.plan import Progress
from scenarios import batch, document
from scenarios.content import content_hash
from scenarios.document import Scenario
from scenarios.fleet_answers import Answer, from_json, to_json
from scenarios.fleet_arms import study_response, study_sizes
from scenarios.job_folder import STOP, JobFolder, Teller
from scenarios.location import Location
from scenarios.routes import Request, study_routes
from scenarios.routes_problem import Margins
from scenarios.run import prepare
from scenarios.store import Store
from scenarios.version import code_version
from sim.kernel.errors import Cancelled

FAMILY = "fleet_studies"
WORKER = "scenarios.fleet_worker"
ENOUGH = "enough"
"""The wish that the search end with the best plan so far, which then is simulated."""


@dataclass(frozen=True)
class SizesRequest:
    """Which sizes of a fleet to compare; see `scenarios.fleet_arms.study_sizes`."""

    trucks: tuple[int, ...]
    guns: tuple[int, ...]
    service_limit: float = 99.0
    replications: int = 3


@dataclass(frozen=True)
class ResponseRequest:
    """How often to simulate each response; see `scenarios.fleet_arms.study_response`."""

    replications: int = 3


Asked = Request | SizesRequest | ResponseRequest
_KINDS: Mapping[str, type] = {
    "routes": Request, "sizes": SizesRequest, "response": ResponseRequest,
}  # fmt: skip


def key_of(scenario: Scenario, asked: Asked) -> str:
    """Return the name of the job.

    Raises
    ------
    InputError
        The scenario cannot be used.
    """
    files = {name: loaded.files for name, loaded in prepare(scenario).inputs.items()}
    content = [
        content_hash(scenario, files), _kind(asked), asdict(asked), code_version().digest,
    ]  # fmt: skip
    return blake2b(json.dumps(content).encode(), digest_size=12).hexdigest()


def job(location: Location, key: str) -> JobFolder:
    """Return the job of a key."""
    return JobFolder(location, FAMILY, WORKER, key)


def start(location: Location, key: str, scenario: Scenario, asked: Asked) -> None:
    """Start a process that answers."""
    job(location, key).start(
        {"scenario": scenario.to_json(), "kind": _kind(asked), "request": asdict(asked)}
    )


def read(location: Location, key: str, store: Store) -> Answer:
    """Return the answer of a job that is done.

    Raises
    ------
    InputError, InputErrors
        The scenario's files have changed since.
    """
    mine = job(location, key)
    request = _request(mine.asked())
    return from_json(mine.answer(), request if isinstance(request, Request) else None, store)


def work(location: Location, key: str, *, workers: int = batch.WORKERS) -> None:
    """Answer what was asked; what `scenarios.fleet_worker` does. Errors are kept, then raised.

    Parameters
    ----------
    workers
        Processes that simulate; 0 simulates in this one.
    """
    mine = job(location, key)
    data = mine.asked()
    try:
        with Store(location) as store:
            answer = _answer(
                document.from_json(data["scenario"]), _request(data), store, mine, workers
            )
        mine.finish(to_json(answer))
    except Cancelled as error:
        mine.fail(error)
    except BaseException as error:
        mine.fail(error)
        raise


def _answer(
    scenario: Scenario, asked: Asked, store: Store, mine: JobFolder, workers: int
) -> Answer:
    tell = mine.teller()

    def simulating(arm: str, done: float) -> None:
        tell({"phase": "simulate", "arm": arm, "done": done})

    def stop() -> bool:
        return mine.wished(STOP)

    if isinstance(asked, SizesRequest):
        return study_sizes(
            scenario, store, asked.trucks, asked.guns, replications=asked.replications,
            service_limit=asked.service_limit, workers=workers, simulating=simulating,
            cancelled=stop,
        )  # fmt: skip
    if isinstance(asked, ResponseRequest):
        return study_response(
            scenario, store, replications=asked.replications, workers=workers,
            simulating=simulating, cancelled=stop,
        )  # fmt: skip
    search = _Search(asked.seconds, tell, mine)
    return study_routes(
        scenario, store, asked, solving=search.report, simulating=search.ends(simulating),
        cancelled=search.cancelled, workers=workers,
    )  # fmt: skip


class _Search:
    """Follows the search: its incumbents, and when it is over and `ENOUGH` means nothing more."""

    def __init__(self, seconds: float, tell: Teller, mine: JobFolder) -> None:
        self._seconds, self._tell, self._mine = seconds, tell, mine
        self._over = False
        self._best: list[tuple[float, int, float]] = []

    def report(self, told: Progress) -> None:
        if not self._best or (told.trucks, told.cost) != self._best[-1][1:]:
            self._best.append((told.seconds, told.trucks, told.cost))
        self._tell(
            {
                "phase": "search", "done": min(told.seconds / self._seconds, 1.0),
                "trucks": told.trucks, "cost": told.cost, "iterations": told.iterations,
                "seconds": told.seconds,
                "bound": told.bound if told.bound == told.bound else None,
                "best": self._best[-200:],
            }
        )  # fmt: skip

    def ends(self, simulating: Callable[[str, float], None]) -> Callable[[str, float], None]:
        def first(arm: str, done: float) -> None:
            self._over = True
            simulating(arm, done)

        return first

    def cancelled(self) -> bool:
        return self._mine.wished(STOP) or (not self._over and self._mine.wished(ENOUGH))


def _kind(asked: Asked) -> str:
    return next(kind for kind, family in _KINDS.items() if type(asked) is family)


def _request(data: Mapping[str, Any]) -> Asked:
    values = dict(data["request"])
    for name in ("trucks", "guns"):
        if name in values:
            values[name] = tuple(values[name])
    if "margins" in values:
        values["margins"] = Margins(**values["margins"])
    found: Asked = _KINDS[data["kind"]](**values)
    return found
