"""Many replications of one scenario, shared out to worker processes.

Every finished replication is in the store at once, so a batch that was cancelled or killed goes on
where it stopped: what is done is taken as it is, what another process is still at is waited for.
"""

from __future__ import annotations

from collections.abc import Sequence

from scenarios.run import Prepared, enqueue, start_worker
from scenarios.schema import StoredRun
from scenarios.store import Store
from scenarios.version import code_version
from sim.kernel.errors import InputError

WORKERS = 2
MOST_REPLICATIONS = 10_000


def find(prepared: Prepared, store: Store, replications: int) -> dict[int, StoredRun]:
    """Return the runs there are of a scenario's first replications: done, or under way.

    Where a replication was run more than once, one that is done counts before one that is not.
    """
    check_count(replications)
    found: dict[int, StoredRun] = {}
    code = code_version()
    statuses = ("done", "running", "queued")
    runs = store.runs(scenario=prepared.scenario.name, status=statuses)
    for run in sorted(runs, key=lambda run: statuses.index(run.status)):
        same = (run.hash, run.seed, run.code_digest) == (
            prepared.hash, prepared.scenario.seed, code.digest,
        )  # fmt: skip
        if same and run.replication < replications:
            found.setdefault(run.replication, run)
    return found


def start(
    prepared: Prepared, store: Store, replications: int, *, workers: int = WORKERS
) -> list[str]:
    """Start what is missing of a scenario's first replications; return the ids of all of them.

    The workers outlive this process. Follow the runs with `Store.get`, stop them with
    `Store.request_cancel`.

    Parameters
    ----------
    replications
        1 to `MOST_REPLICATIONS`; numbered from 0.
    workers
        Processes, at least 1. Each takes every so-manieth replication.

    Raises
    ------
    InputError
        If the number of replications or workers is not usable.
    """
    if workers < 1:
        raise InputError("not valid", where="workers", value=workers, expected="at least 1")
    ids = {number: run.id for number, run in find(prepared, store, replications).items()}
    missing = [number for number in range(replications) if number not in ids]
    if missing:
        queued = enqueue(prepared, store, missing)
        ids.update(zip(missing, queued, strict=True))
        for worker in range(min(workers, len(queued))):
            start_worker(queued[worker::workers], store)
    return [ids[number] for number in range(replications)]


def standing(ids: Sequence[str], store: Store) -> tuple[list[StoredRun], float]:
    """Return the runs of a batch, by replication, and the fraction of the work that is done."""
    scenario = store.get(ids[0]).scenario
    known = {run.id: run for run in store.runs(scenario=scenario)}
    runs = [known[run_id] for run_id in ids]
    done = sum(1.0 if run.ended else run.progress for run in runs)
    return runs, done / len(runs)


def check_count(replications: int) -> None:
    """Refuse a number of replications that nobody means.

    Raises
    ------
    InputError
        If it is not 1 to `MOST_REPLICATIONS`.
    """
    if not 1 <= replications <= MOST_REPLICATIONS:
        raise InputError(
            "not valid", where="replications", value=replications,
            expected=f"1 to {MOST_REPLICATIONS}",
        )  # fmt: skip
