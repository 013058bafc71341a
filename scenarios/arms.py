"""The runs of a comparison: arm after arm, shared out to workers, followed and stopped together."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import replace

from scenarios import batch
from scenarios.document import Scenario
from scenarios.run import Prepared, run_prepared
from scenarios.schema import StoredRun
from scenarios.store import Store
from sim.kernel.errors import Cancelled, CityClockError

POLL_S = 0.25

Progress = Callable[[str, float], None]
"""Called with the arm at work and the fraction of the whole that is done."""


class RunFailed(CityClockError):
    """A run of an arm failed; the text says which and why."""


def named(scenario: Scenario, arm: str) -> Scenario:
    """Return a scenario as an arm: under its own name an arm would pass for a replication of it."""
    return replace(scenario, name=f"{scenario.name}~{arm}")


class Arms:
    """Starts batches, waits for them, passes on progress and the wish to stop.

    Runs that are in the store already are taken from it.

    Parameters
    ----------
    total
        Runs of all arms together.
    workers
        Processes that simulate; 0 simulates here, without progress.
    """

    def __init__(
        self,
        store: Store,
        total: int,
        workers: int,
        progress: Progress | None,
        cancelled: Callable[[], bool] | None,
    ) -> None:
        self._store = store
        self._total = total
        self._workers = workers
        self._progress = progress
        self._cancelled = cancelled
        self._done = 0

    def finish(self, arm: str, prepared: Prepared, replications: int) -> list[StoredRun]:
        """Run a batch to its end and return its runs.

        Raises
        ------
        Cancelled
            If ``cancelled`` said so; what is done stays in the store.
        RunFailed
            If a run failed.
        """
        if self._workers == 0:
            runs = run_prepared(prepared, self._store, replications=replications, reuse=True)
        else:
            ids = batch.start(prepared, self._store, replications, workers=self._workers)
            try:
                runs = self._follow(arm, ids)
            except (Cancelled, KeyboardInterrupt):
                self._store.request_cancel(ids)
                raise
        for run in runs:
            if run.status != "done":
                raise RunFailed(
                    f"{arm}: run {run.id} of {run.scenario}, replication {run.replication}, "
                    f"is {run.status}" + (f" ({run.stage}): {run.reason}" if run.reason else "")
                )
        self._done += replications
        return runs

    def _follow(self, arm: str, ids: Sequence[str]) -> list[StoredRun]:
        while True:
            runs, fraction = batch.standing(ids, self._store)
            if self._progress is not None:
                self._progress(arm, (self._done + fraction * len(ids)) / self._total)
            if all(run.ended for run in runs):
                return runs
            if self._cancelled is not None and self._cancelled():
                raise Cancelled("the comparison was cancelled")
            self._store.sweep()
            time.sleep(POLL_S)
