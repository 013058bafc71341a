"""A study of works in a process of its own: asked for, followed, cancelled, and kept.

A job is a folder beside the runs of the store, named by what was asked, so the same question finds
its answer again. The worker writes where it is; whoever waits reads it.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from hashlib import blake2b
from pathlib import Path
from typing import Any, Literal

from scenarios import document
from scenarios.content import content_hash
from scenarios.document import Scenario
from scenarios.location import Location
from scenarios.process import Owner, owner_of
from scenarios.run import prepare
from scenarios.version import ROOT, code_version
from scenarios.works import Request, study_works
from scenarios.works_study import Study
from sim.kernel.errors import CityClockError

JobState = Literal["new", "running", "done", "failed"]
REPORT_EVERY_S = 0.5


@dataclass(frozen=True)
class Standing:
    """Where a job stands; ``best`` is (cost, saved) by budget, while it runs."""

    state: JobState
    phase: str = ""
    done: int = 0
    limit: int = 0
    best: Mapping[float, tuple[float, float]] = field(default_factory=dict)
    error: str = ""


class WorksJob:
    """The job that answers one question; nothing is written before `start`.

    Parameters
    ----------
    location
        Of the store.
    key
        From `key_of`.
    """

    def __init__(self, location: Location, key: str) -> None:
        self._location = location
        self._folder = location.folder / "works" / key
        self.kept = location.folder / "works" / "outcomes"

    def start(self, scenario: Scenario, request: Request) -> None:
        """Start the worker; it outlives this process. An earlier attempt is forgotten."""
        self._folder.mkdir(parents=True, exist_ok=True)
        for name in ("cancel", "progress.json", "study.json", "error.txt"):
            (self._folder / name).unlink(missing_ok=True)
        asked = {"scenario": scenario.to_json(), "request": asdict(request)}
        _write(self._folder / "asked.json", asked)
        paths = [str(ROOT), os.environ.get("PYTHONPATH", "")]
        environment = {
            **os.environ, **self._location.environment(),
            "PYTHONPATH": os.pathsep.join(filter(None, paths)),
        }  # fmt: skip
        with (self._folder / "log.txt").open("wb") as log:
            worker = subprocess.Popen(
                [sys.executable, "-m", "scenarios.works_worker", self._folder.name],
                stdin=subprocess.DEVNULL, stdout=log, stderr=log, env=environment,
                start_new_session=True,  # the end of the app must not reach the worker
            )  # fmt: skip
        _write(self._folder / "owner.json", asdict(owner_of(worker.pid)))
        # Somebody must notice the worker's end, or it lingers as a zombie for as long as we live.
        threading.Thread(target=worker.wait, name=f"worker {worker.pid}", daemon=True).start()

    def cancel(self) -> None:
        """Ask the worker to end with the best plans so far."""
        if self._folder.is_dir():
            (self._folder / "cancel").touch()

    def standing(self) -> Standing:
        """Say where the job stands."""
        if (self._folder / "study.json").is_file():
            return Standing("done")
        if (self._folder / "error.txt").is_file():
            return Standing("failed", error=(self._folder / "error.txt").read_text("utf-8"))
        if not (self._folder / "owner.json").is_file():
            return Standing("new")
        if Owner(**json.loads((self._folder / "owner.json").read_text("utf-8"))).gone():
            # It may have finished since we looked.
            if (self._folder / "study.json").is_file():
                return Standing("done")
            tail = (self._folder / "log.txt").read_text("utf-8", errors="replace")[-2000:]
            return Standing("failed", error=f"the worker has ended\n{tail}".strip())
        if not (self._folder / "progress.json").is_file():
            return Standing("running")
        told = json.loads((self._folder / "progress.json").read_text("utf-8"))
        best = {float(b): (float(c), float(s)) for b, (c, s) in told.pop("best").items()}
        return Standing("running", best=best, **told)

    def study(self) -> Study:
        """Return the answer of a job that is done."""
        return Study.model_validate_json((self._folder / "study.json").read_text("utf-8"))

    def work(self) -> None:
        """Do what was asked; what `scenarios.works_worker` does. Errors are kept, then raised."""
        asked: dict[str, Any] = json.loads((self._folder / "asked.json").read_text("utf-8"))
        told = _Told(self._folder / "progress.json")
        try:
            study = study_works(
                document.from_json(asked["scenario"]), request_of(asked["request"]),
                kept=self.kept, report=told.report, on_better=told.better,
                cancelled=(self._folder / "cancel").is_file,
            )  # fmt: skip
        except BaseException as error:
            text = str(error) if isinstance(error, CityClockError) else repr(error)
            _publish(self._folder / "error.txt", text or "stopped")
            raise
        _publish(self._folder / "study.json", study.model_dump_json())


def key_of(scenario: Scenario, request: Request) -> str:
    """Return the name of the job: a hash of all that decides the answer.

    Raises
    ------
    InputError
        The scenario cannot be used.
    """
    files = {name: loaded.files for name, loaded in prepare(scenario).inputs.items()}
    asked = asdict(request) | {"workers": 0}  # how many hands there are changes nothing
    content = [content_hash(scenario, files), asked, code_version().digest]
    return blake2b(json.dumps(content).encode(), digest_size=12).hexdigest()


def request_of(data: Mapping[str, Any]) -> Request:
    """Rebuild a request from JSON."""
    lists = {key: tuple(data[key]) for key in ("budgets", "storms", "confirm")}
    return Request(**{**data, **lists})


class _Told:
    """Writes progress, but not more often than anybody looks."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._best: dict[float, tuple[float, float]] = {}
        self._next_s = 0.0

    def report(self, phase: str, done: int, limit: int) -> None:
        if time.monotonic() >= self._next_s:
            self._next_s = time.monotonic() + REPORT_EVERY_S
            best = {str(budget): row for budget, row in self._best.items()}
            _write(self._path, {"phase": phase, "done": done, "limit": limit, "best": best})

    def better(self, best: Mapping[float, tuple[float, float]]) -> None:
        self._best = dict(best)


def _write(path: Path, data: object) -> None:
    _publish(path, json.dumps(data, ensure_ascii=False))


def _publish(path: Path, text: str) -> None:
    """Readers see the old file or the new one, never half of it."""
    temporary = path.with_name(f"{path.name}.tmp")
    temporary.write_text(text, encoding="utf-8")
    temporary.replace(path)
