"""A job in a process of its own: its folder in the store says what was asked and where it stands.

Whoever asks writes ``asked.json`` and starts a worker, which outlives it; the worker writes
``progress.json`` and at its end ``answer.json`` or ``error.txt``. Whoever waits reads them.
"""

from __future__ import annotations

import json
import os
import platform
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Literal

from scenarios.location import Location
from scenarios.process import Owner, owner_of
from scenarios.version import ROOT
from sim.kernel.errors import Cancelled, CityClockError

State = Literal["new", "running", "done", "failed", "cancelled"]
REPORT_EVERY_S = 0.4
STOP = "stop"
"""The wish that the worker end without an answer."""
GRACE_S = 20.0
"""A worker deep in compiled code may not listen for a while; after this it is ended."""
_KEPT_LOG = 2000


@dataclass(frozen=True)
class Standing:
    """Where a job stands; ``told`` is what its worker said last."""

    state: State
    told: Mapping[str, Any] = field(default_factory=dict)
    error: str = ""


class JobFolder:
    """A job by the name of its question; nothing is written before `start`.

    Parameters
    ----------
    location
        Of the store.
    family
        Folder in the store that holds jobs of this family.
    worker
        Module that works: ``python -m WORKER KEY``.
    """

    def __init__(self, location: Location, family: str, worker: str, key: str) -> None:
        self._location = location
        self._worker = worker
        self.folder = location.folder / family / key

    # --- whoever asks ----------------------------------------------------------------------

    def start(self, asked: Mapping[str, Any]) -> None:
        """Start the worker; an earlier attempt is forgotten."""
        self.folder.mkdir(parents=True, exist_ok=True)
        for file in self.folder.iterdir():
            file.unlink()
        publish(self.folder / "asked.json", json.dumps(asked, ensure_ascii=False))
        paths = [str(ROOT), os.environ.get("PYTHONPATH", "")]
        environment = {
            **os.environ, **self._location.environment(),
            "PYTHONPATH": os.pathsep.join(filter(None, paths)),
        }  # fmt: skip
        with (self.folder / "log.txt").open("wb") as log:
            worker = subprocess.Popen(
                [sys.executable, "-m", self._worker, self.folder.name],
                stdin=subprocess.DEVNULL, stdout=log, stderr=log, env=environment,
                start_new_session=True,  # the end of the app must not reach the worker
            )  # fmt: skip
        publish(self.folder / "owner.json", json.dumps(asdict(owner_of(worker.pid))))
        # Somebody must notice the worker's end, or it lingers as a zombie for as long as we live.
        threading.Thread(target=worker.wait, name=f"worker {worker.pid}", daemon=True).start()

    def wish(self, name: str) -> None:
        """Leave the worker a wish, such as ``stop``; it looks for them often."""
        if self.folder.is_dir():
            (self.folder / f"{name}.wish").touch()

    def stop(self, grace_s: float = GRACE_S) -> None:
        """Ask the worker to end without an answer; one that does not listen is ended."""
        self.wish(STOP)
        threading.Thread(target=self._insist, args=(grace_s,), daemon=True).start()

    def _insist(self, grace_s: float) -> None:
        end = time.monotonic() + grace_s
        while time.monotonic() < end:
            if self.standing().state != "running":
                return
            time.sleep(min(0.5, grace_s))
        owner = self._owner()
        if (
            self.wished(STOP)
            and owner is not None
            and owner.host == platform.node()
            and not owner.gone()
        ):
            publish(self.folder / "cancelled.txt", "stopped while it did not listen")
            os.kill(owner.pid, getattr(signal, "SIGKILL", signal.SIGTERM))

    def _owner(self) -> Owner | None:
        file = self.folder / "owner.json"
        return Owner(**json.loads(file.read_text("utf-8"))) if file.is_file() else None

    def standing(self) -> Standing:
        """Say where the job stands."""
        ended = self._ended()
        if ended is not None:
            return ended
        owner = self._owner()
        if owner is None:
            return Standing("new")
        if owner.gone():
            log = (self.folder / "log.txt").read_text("utf-8", errors="replace")[-_KEPT_LOG:]
            # It may have ended properly since we looked.
            return self._ended() or Standing("failed", error=f"the worker has ended\n{log}".strip())
        told = self.folder / "progress.json"
        return Standing("running", json.loads(told.read_text("utf-8")) if told.is_file() else {})

    def answer(self) -> dict[str, Any]:
        """Return what the worker answered."""
        found: dict[str, Any] = json.loads((self.folder / "answer.json").read_text("utf-8"))
        return found

    def _ended(self) -> Standing | None:
        if (self.folder / "answer.json").is_file():
            return Standing("done")
        if (self.folder / "cancelled.txt").is_file():
            return Standing("cancelled")
        if (self.folder / "error.txt").is_file():
            return Standing("failed", error=(self.folder / "error.txt").read_text("utf-8"))
        return None

    # --- the worker ------------------------------------------------------------------------

    def asked(self) -> dict[str, Any]:
        """Return what was asked."""
        found: dict[str, Any] = json.loads((self.folder / "asked.json").read_text("utf-8"))
        return found

    def wished(self, name: str) -> bool:
        """Whether somebody left a wish."""
        return (self.folder / f"{name}.wish").is_file()

    def finish(self, answer: Mapping[str, Any]) -> None:
        """Keep the answer."""
        text = json.dumps(answer, ensure_ascii=False, allow_nan=False)
        publish(self.folder / "answer.json", text)

    def fail(self, error: BaseException) -> None:
        """Keep why there is no answer."""
        if isinstance(error, Cancelled):
            publish(self.folder / "cancelled.txt", str(error) or "cancelled")
            return
        text = str(error) if isinstance(error, CityClockError) else repr(error)
        publish(self.folder / "error.txt", text or "stopped")

    def teller(self) -> Teller:
        """Return what writes the worker's progress."""
        return Teller(self.folder / "progress.json")


class Teller:
    """Writes progress, but not more often than anybody looks."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._next_s = 0.0

    def __call__(self, told: Mapping[str, Any], *, now: bool = False) -> None:
        if now or time.monotonic() >= self._next_s:
            self._next_s = time.monotonic() + REPORT_EVERY_S
            publish(self._path, json.dumps(told))


def publish(path: Path, text: str) -> None:
    """Readers see the old file or the new one, never half of it."""
    temporary = path.with_name(f"{path.name}.tmp")
    temporary.write_text(text, encoding="utf-8")
    temporary.replace(path)
