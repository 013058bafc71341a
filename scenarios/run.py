"""Running scenarios: check everything first, then run and keep, here or in the background."""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
import threading
import time
import traceback
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from scenarios import document
from scenarios.assumptions import assumptions_of
from scenarios.content import content_hash
from scenarios.document import Scenario
from scenarios.plugs import plugged
from scenarios.process import owner_of
from scenarios.published import published_for
from scenarios.result import Result, largest_ledger_error
from scenarios.schema import StoredRun
from scenarios.store import Store
from scenarios.version import ROOT, code_version
from sim.city import simulate
from sim.kernel import registry
from sim.kernel.errors import Cancelled, CityClockError, InputError
from sim.kernel.system import Inputs, System

Systems = Mapping[str, System]
Progress = Callable[[int, float], None]
"""Called with the replication and the fraction of its simulated time done."""

REPORT_EVERY_S = 0.5
"""How often a run tells the store where it is and asks whether to stop, in real seconds."""


@dataclass(frozen=True)
class Prepared:
    """A scenario whose inputs are read and checked: it can run, and its hash is known."""

    scenario: Scenario
    inputs: Mapping[str, Inputs]
    hash: str

    @property
    def engine(self) -> str:
        """The engines its systems use, such as ``native``; empty if none has a choice."""
        sections = self.scenario.sections.values()
        names = {spec.engine for spec in sections if hasattr(spec, "engine")}
        return ",".join(sorted(names))


MOST_REPLICATIONS = 10_000


def prepare(
    scenario: Scenario, *, engine: str | None = None, systems: Systems | None = None
) -> Prepared:
    """Load and check all that a scenario names, without running or keeping anything.

    Parameters
    ----------
    engine
        Used instead of the scenario's by every system that has a choice of engines.

    Raises
    ------
    InputError
        If a file is missing or not usable, or there is no such engine.
    """
    available = registry.systems() if systems is None else systems
    if engine is not None:
        choosing = [
            n for n, spec in scenario.sections.items() if "engine" in type(spec).model_fields
        ]
        if not choosing:
            raise InputError(
                "no system of this scenario has a choice of engines",
                where="--engine", value=engine,
            )  # fmt: skip
        for name in choosing:
            scenario = scenario.with_value(name, "engine", engine)
    inputs: dict[str, Inputs] = {}
    for name, spec in scenario.sections.items():
        try:
            loaded = available[name].load(
                spec, scenario.folder, scenario.start, scenario.duration_h * 3600.0
            )
            inputs[name] = plugged(name, loaded)
        except OSError as error:
            raise InputError(
                f"cannot be read: {error.strerror or error}", where=name, file=error.filename
            ) from error
        except UnicodeDecodeError as error:
            raise InputError("a file it names is not UTF-8 text", where=name) from error
    # what only the report shows must be there before anything is kept
    assumptions_of(scenario)
    published_for(scenario)
    files = {name: loaded.files for name, loaded in inputs.items()}
    return Prepared(scenario, inputs, content_hash(scenario, files))


def run_scenario(
    scenario: Scenario,
    *,
    store: Store | None = None,
    replications: int = 1,
    engine: str | None = None,
    reuse: bool = False,
    progress: Progress | None = None,
    cancelled: Callable[[], bool] | None = None,
    systems: Systems | None = None,
) -> list[StoredRun]:
    """Run a scenario here, one replication after the other, and keep every run.

    Nothing is written before the whole scenario is found to be usable. A replication that fails is
    kept as a failed run and does not stop the others; after a cancellation the rest is cancelled.

    Parameters
    ----------
    store
        The default one if none; it is opened after the checks.
    replications
        At least 1; they are numbered from 0 and draw different random numbers.
    reuse
        Return a finished run of the same hash, seed, replication and code instead of repeating it.

    Returns
    -------
    list of StoredRun
        One per replication.

    Raises
    ------
    InputError
        If the scenario cannot be run.
    KeyboardInterrupt
        After the run under way and those that wait were marked as cancelled.
    """
    _check_replications(replications)
    prepared = prepare(scenario, engine=engine, systems=systems)
    with contextlib.ExitStack() as stack:
        return run_prepared(
            prepared, store or stack.enter_context(Store()), replications=replications,
            reuse=reuse, progress=progress, cancelled=cancelled, systems=systems,
        )  # fmt: skip


def run_prepared(
    prepared: Prepared,
    store: Store,
    *,
    replications: int = 1,
    reuse: bool = False,
    progress: Progress | None = None,
    cancelled: Callable[[], bool] | None = None,
    systems: Systems | None = None,
) -> list[StoredRun]:
    """Run a scenario that `prepare` has checked; see `run_scenario`."""
    _check_replications(replications)
    found: dict[int, str] = {}
    if reuse:
        for replication in range(replications):
            same = store.same(prepared.hash, prepared.scenario.seed, replication, code_version())
            if same is not None:
                found[replication] = same.id
    missing = [number for number in range(replications) if number not in found]
    queued = enqueue(prepared, store, missing) if missing else []
    try:
        for run_id in queued:
            if not store.claim(run_id):
                continue
            _execute(store.get(run_id), prepared, store, progress, cancelled, systems)
            if store.get(run_id).status == "cancelled":
                store.request_cancel(queued)
    except KeyboardInterrupt:
        for run_id in queued:
            store.cancel(run_id)
        raise
    found.update(zip(missing, queued, strict=True))
    return [store.get(found[replication]) for replication in range(replications)]


def submit(
    scenario: Scenario,
    *,
    store: Store,
    replications: int = 1,
    engine: str | None = None,
    systems: Systems | None = None,
) -> list[str]:
    """Check a scenario, queue its runs and start a process of their own that works them off.

    The process outlives this one. Follow it with `Store.get`, stop it with `Store.request_cancel`.

    Returns
    -------
    list of str
        The ids of the runs, by replication.
    """
    _check_replications(replications)
    prepared = prepare(scenario, engine=engine, systems=systems)
    run_ids = enqueue(prepared, store, range(replications))
    start_worker(run_ids, store)
    return run_ids


def start_worker(run_ids: Sequence[str], store: Store) -> None:
    """Start a process of its own that works off queued runs and outlives this one."""
    paths = [str(ROOT), os.environ.get("PYTHONPATH", "")]
    environment = {
        **os.environ, **store.location.environment(),
        "PYTHONPATH": os.pathsep.join(filter(None, paths)),
    }  # fmt: skip
    with store.log_file(run_ids[0]).open("ab") as log:
        worker = subprocess.Popen(
            [sys.executable, "-m", "scenarios.run_worker", *run_ids],
            stdin=subprocess.DEVNULL, stdout=log, stderr=log, env=environment,
            # A signal to the app's process group, or its end, must not reach the worker.
            start_new_session=True,
        )  # fmt: skip
    store.assign(run_ids, owner_of(worker.pid))
    # Somebody must notice the worker's end, or it lingers as a zombie for as long as we live.
    threading.Thread(target=worker.wait, name=f"worker {worker.pid}", daemon=True).start()


def work(
    run_ids: Sequence[str],
    store: Store,
    *,
    systems: Systems | None = None,
) -> None:
    """Run queued runs one after the other; what `scenarios.run_worker` does."""
    prepared: dict[str, Prepared] = {}
    for run_id in run_ids:
        run = store.get(run_id)
        if not store.claim(run_id):
            continue
        try:
            if run.document not in prepared:
                scenario = document.from_json(run.document, systems=systems)
                prepared[run.document] = prepare(scenario, systems=systems)
        except CityClockError as error:
            store.fail(run_id, "load", str(error))
            continue
        if prepared[run.document].hash != run.hash:
            store.fail(run_id, "load", "the files it reads have changed since it was queued")
            continue
        _execute(run, prepared[run.document], store, None, None, systems)


# --- one run -------------------------------------------------------------------------------


def enqueue(prepared: Prepared, store: Store, replications: Sequence[int]) -> list[str]:
    """Queue replications of a scenario without starting them; return their ids."""
    scenario = prepared.scenario
    return store.enqueue(
        scenario=scenario.name,
        content_hash=prepared.hash,
        document=scenario.to_json(),
        seed=scenario.seed,
        engine=prepared.engine,
        replications=replications,
    )


def _execute(
    run: StoredRun,
    prepared: Prepared,
    store: Store,
    progress: Progress | None,
    cancelled: Callable[[], bool] | None,
    systems: Systems | None,
) -> None:
    """Run one claimed run to its end; whatever happens, the store knows it afterwards."""
    stage = "simulate"
    watch = _Watch(run, store, progress, cancelled)
    try:
        began = time.perf_counter()
        scenario = prepared.scenario
        record = simulate(
            prepared.inputs, scenario.start, scenario.duration_s, scenario.seed,
            run.replication, watch.report, watch.stop_asked, systems=systems,
        )  # fmt: skip
        stage = "kpis"
        available = registry.systems() if systems is None else systems
        kpis = tuple(
            (name, kpi)
            for name, inputs in prepared.inputs.items()
            for kpi in available[name].kpis(inputs, record)
        )
        seconds = time.perf_counter() - began
        stage = "write"
        result = Result(kpis, seconds, largest_ledger_error(record), record.digest())
        store.finish(run.id, record, result)
    except Cancelled:
        store.cancel(run.id, stage)
    except CityClockError as error:
        store.fail(run.id, stage, str(error))
    except Exception as error:  # noqa: BLE001 - a fault of ours is kept as data, with its trace
        log = store.log_file(run.id)
        with log.open("a", encoding="utf-8") as file:
            file.write(traceback.format_exc())
        store.fail(run.id, stage, f"{type(error).__name__}: {error} (details in {log})")
    except BaseException:
        store.cancel(run.id, stage)
        raise


class _Watch:
    """Passes progress on, to the caller each time and to the store now and then."""

    def __init__(
        self,
        run: StoredRun,
        store: Store,
        progress: Progress | None,
        cancelled: Callable[[], bool] | None,
    ) -> None:
        self._run = run
        self._store = store
        self._progress = progress
        self._cancelled = cancelled
        self._fraction = 0.0
        self._stop = False
        self._next_s = 0.0

    def report(self, fraction: float) -> None:
        self._fraction = fraction
        if self._progress is not None:
            self._progress(self._run.replication, fraction)

    def stop_asked(self) -> bool:
        if self._cancelled is not None and self._cancelled():
            return True
        if time.monotonic() >= self._next_s:
            self._stop = self._store.report(self._run.id, "simulate", self._fraction)
            self._next_s = time.monotonic() + REPORT_EVERY_S
        return self._stop


def _check_replications(replications: int) -> None:
    if not 1 <= replications <= MOST_REPLICATIONS:
        raise InputError(
            "not valid", where="replications", value=replications,
            expected=f"1 to {MOST_REPLICATIONS}",
        )  # fmt: skip


__all__ = [
    "Prepared",
    "Progress",
    "Systems",
    "enqueue",
    "prepare",
    "run_prepared",
    "run_scenario",
    "start_worker",
    "submit",
    "work",
]
