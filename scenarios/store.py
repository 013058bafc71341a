"""The store: every run ever started, its KPIs in a database, its series as Parquet files beside it.

A finished run is written to a folder with a temporary name, synced, renamed, and then committed to
the database in one transaction. A process that is killed at any moment leaves either a finished
run or one that `Store.sweep` marks as failed; a result that was complete on disk is taken in.
"""

from __future__ import annotations

import secrets
import shutil
from collections.abc import Collection, Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import Any

import sqlalchemy as sa

from scenarios import durable, schema
from scenarios.database import Database, StoreError
from scenarios.location import Location, locate
from scenarios.process import Owner, this_process
from scenarios.result import Result
from scenarios.schema import StoredRun
from scenarios.version import CodeVersion, code_version
from sim.kernel.errors import InputError, did_you_mean
from sim.kernel.recorder import Record
from sim.kernel.system import Kpi

RESULT_FILE = "result.json"
# No vowels and nothing that looks alike: ids are read aloud and typed.
_ALPHABET = "23456789bcdfghjkmnpqrstvwxz"
_ID_LENGTH = 7
_RUNS = schema.runs.c


class Store:
    """Runs, their KPIs and their records. Use it as a context manager, or `close` it.

    Parameters
    ----------
    location
        From `scenarios.location.locate`; the default place if none. Made if it does not exist.

    Raises
    ------
    StoreError
        If the database cannot be opened or was made by another version.
    """

    def __init__(self, location: Location | None = None) -> None:
        self.location = location or locate()
        self.files = self.location.folder / "runs"
        try:
            self.files.mkdir(parents=True, exist_ok=True)
            ignore = self.location.folder / ".gitignore"
            if not ignore.exists():
                ignore.write_text("*\n", encoding="utf-8")
        except OSError as error:
            raise StoreError(
                f"store {self.location.folder}: {error.strerror or error}; "
                "hint: choose a folder you may write to with CITYCLOCK_STORE"
            ) from error
        self._database = Database(self.location)
        try:
            self._database.create()
            self.sweep()
        except BaseException:
            self._database.close()
            raise

    def close(self) -> None:
        """Close the database."""
        self._database.close()

    def __enter__(self) -> Store:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        at: TracebackType | None,
    ) -> None:
        self.close()

    # --- adding ----------------------------------------------------------------------------

    def enqueue(
        self,
        *,
        scenario: str,
        content_hash: str,
        document: str,
        seed: int,
        engine: str,
        replications: Sequence[int],
        code: CodeVersion | None = None,
    ) -> list[str]:
        """Add one queued run per replication, owned by this process; return their ids."""
        code = code or code_version()
        owner = this_process()
        ids = [_new_id() for _ in replications]
        now = _now()
        rows = [
            asdict(
                StoredRun(
                    id=run_id,
                    batch=ids[0],
                    scenario=scenario,
                    hash=content_hash,
                    document=document,
                    seed=seed,
                    replication=replication,
                    engine=engine,
                    code_version=code.name,
                    code_dirty=code.dirty,
                    code_digest=code.digest,
                    status="queued",
                    stage="",
                    reason="",
                    created_at=now,
                    started_at=None,
                    finished_at=None,
                    progress=0.0,
                    seconds=None,
                    ledger_error=None,
                    digest=None,
                    cancel_requested=False,
                    host=owner.host,
                    pid=owner.pid,
                    born=owner.born,
                )  # fmt: skip
            )
            for run_id, replication in zip(ids, replications, strict=True)
        ]
        with self._database.write() as connection:
            connection.execute(sa.insert(schema.runs), rows)
        return ids

    # --- a run's life ----------------------------------------------------------------------

    def assign(self, run_ids: Sequence[str], owner: Owner) -> None:
        """Hand queued runs to another process, whose end then ends them."""
        self._change(run_ids, ("queued",), **_owner(owner))

    def claim(self, run_id: str) -> bool:
        """Turn a queued run into one this process is running; say whether it was still queued."""
        changes = {"status": "running", "stage": "load", "started_at": _now()}
        return self._change([run_id], ("queued",), **changes, **_owner(this_process())) == 1

    def report(self, run_id: str, stage: str, progress: float) -> bool:
        """Note how far a running run is; return whether it was asked to stop."""
        self._change([run_id], ("running",), stage=stage, progress=progress)
        with self._database.read() as connection:
            query = sa.select(_RUNS.cancel_requested).where(_RUNS.id == run_id)
            return bool(connection.scalar(query))

    def finish(self, run_id: str, record: Record, result: Result) -> None:
        """Keep a run's record and KPIs; from the moment this returns nothing can lose them.

        Raises
        ------
        StoreError
            If the run is not running any more, or the disk or the database refuses.
        """
        temporary = self.files / f".{run_id}.part"
        try:
            shutil.rmtree(temporary, ignore_errors=True)
            record.write(temporary)
            durable.write_text(temporary / RESULT_FILE, result.to_json())
            durable.publish(temporary, self.files / run_id)
        except OSError as error:
            shutil.rmtree(temporary, ignore_errors=True)
            raise StoreError(f"store {self.files}: {error.strerror or error}") from error
        if not self._commit(run_id, result):
            self._remove_files(run_id)
            raise StoreError(f"run {run_id} was ended by someone else; its result is dropped")

    def fail(self, run_id: str, stage: str, reason: str) -> None:
        """End a run that could not be finished; it stays in the store with stage and reason."""
        self._end([run_id], "failed", stage, reason)

    def cancel(self, run_id: str, stage: str = "") -> None:
        """End a run because it was asked to."""
        self._end([run_id], "cancelled", stage, "cancelled on request")

    def request_cancel(self, run_ids: Sequence[str]) -> None:
        """Ask runs to stop: queued ones end at once, running ones at their next report."""
        self._end(run_ids, "cancelled", "", "cancelled before it started", ("queued",))
        self._change(run_ids, ("running",), cancel_requested=True)

    def sweep(self) -> list[str]:
        """End the runs whose process is gone; return their ids.

        A run that was killed between writing its files and the commit is done; its files are
        complete. Any other is failed, and what it had written is removed.
        """
        query = sa.select(schema.runs).where(_RUNS.status.in_(("queued", "running")))
        with self._database.read() as connection:
            candidates = [StoredRun(**row) for row in connection.execute(query).mappings()]
        alive: dict[Owner, bool] = {}
        ended = []
        for run in candidates:
            owner = Owner(run.host, run.pid, run.born)
            if owner not in alive:
                alive[owner] = not owner.gone()
            if alive[owner]:
                continue
            ended.append(run.id)
            result = self.files / run.id / RESULT_FILE
            if result.is_file():
                self._commit(run.id, Result.from_json(result.read_text(encoding="utf-8")), owner)
            else:
                stage = run.stage or "queue"
                self._end([run.id], "failed", stage, "process ended", owner=owner)
        return ended

    # --- asking ----------------------------------------------------------------------------

    def get(self, run_id: str) -> StoredRun:
        """Return a run by its id, or by the first characters of it if they are unique.

        Raises
        ------
        InputError
            If there is none, or more than one.
        """
        query = sa.select(schema.runs).where(_RUNS.id.startswith(run_id, autoescape=True))
        with self._database.read() as connection:
            found = [StoredRun(**row) for row in connection.execute(query).mappings()]
            exact = [run for run in found if run.id == run_id]
            if exact or (len(found) == 1 and run_id):
                return (exact or found)[0]
            known = list(connection.scalars(sa.select(_RUNS.id)))
        raise InputError(
            "more than one such run" if found and run_id else "no such run",
            where="run", value=run_id,
            expected="the id of a run as listed by 'cityclock runs', or a scenario that was run",
            hint=did_you_mean(run_id, known),
        )  # fmt: skip

    def runs(
        self,
        *,
        scenario: str | None = None,
        status: Collection[str] | None = None,
        limit: int | None = None,
    ) -> list[StoredRun]:
        """Return runs, newest first."""
        query = sa.select(schema.runs).order_by(
            _RUNS.created_at.desc(), _RUNS.batch, _RUNS.replication
        )
        if scenario is not None:
            query = query.where(_RUNS.scenario == scenario)
        if status is not None:
            query = query.where(_RUNS.status.in_(status))
        with self._database.read() as connection:
            rows = connection.execute(query.limit(limit)).mappings()
            return [StoredRun(**row) for row in rows]

    def newest(self, scenario: str) -> list[StoredRun]:
        """Return the newest finished runs of a scenario, one per replication; empty if none.

        All have the hash and the code of the newest one, whether they were started together or
        not.
        """
        newest = self.runs(scenario=scenario, status=("done",), limit=1)
        found: dict[int, StoredRun] = {}
        for run in self.runs(scenario=scenario, status=("done",)) if newest else ():
            if (run.hash, run.code_digest) == (newest[0].hash, newest[0].code_digest):
                found.setdefault(run.replication, run)
        return [found[replication] for replication in sorted(found)]

    def same(
        self, content_hash: str, seed: int, replication: int, code: CodeVersion
    ) -> StoredRun | None:
        """Return a finished run that must have the same result, if there is one."""
        query = sa.select(schema.runs).where(
            _RUNS.status == "done", _RUNS.hash == content_hash, _RUNS.seed == seed,
            _RUNS.replication == replication, _RUNS.code_digest == code.digest,
        ).order_by(_RUNS.created_at.desc()).limit(1)  # fmt: skip
        with self._database.read() as connection:
            row = connection.execute(query).mappings().first()
        return StoredRun(**row) if row else None

    def kpis(self, run_id: str) -> list[tuple[str, Kpi]]:
        """Return (system, KPI) of a finished run, in the order the systems gave them."""
        table = schema.kpis
        query = sa.select(table).where(table.c.run_id == run_id).order_by(table.c.position)
        with self._database.read() as connection:
            return [
                (
                    row["system"],
                    Kpi(
                        name=row["name"],
                        entity=row["entity"],
                        value=row["value"],
                        unit=row["unit"],
                        limit=row["limit_value"],
                        status=row["status"],
                    ),  # fmt: skip
                )
                for row in connection.execute(query).mappings()
            ]

    def record(self, run_id: str) -> Record:
        """Return everything a finished run recorded.

        Raises
        ------
        InputError
            If the run is not done, or its files are missing or damaged.
        """
        run = self.get(run_id)
        if run.status != "done":
            raise InputError(
                f"this run is {run.status}" + (f": {run.reason}" if run.reason else ""),
                where="run", value=run.id, expected="a run that is done",
            )  # fmt: skip
        return Record.read(self.files / run.id)

    def log_file(self, run_id: str) -> Path:
        """Where a run in the background, or one that met a fault of ours, writes about it."""
        folder = self.location.folder / "logs"
        folder.mkdir(exist_ok=True)
        return folder / f"{run_id}.log"

    # --- inside ----------------------------------------------------------------------------

    def _change(self, run_ids: Sequence[str], only: Sequence[str], **values: Any) -> int:
        query = (
            sa.update(schema.runs)
            .where(_RUNS.id.in_(run_ids), _RUNS.status.in_(only))
            .values(**values)
        )
        with self._database.write() as connection:
            return int(connection.execute(query).rowcount)

    def _end(
        self,
        run_ids: Sequence[str],
        status: str,
        stage: str,
        reason: str,
        only: Sequence[str] = ("queued", "running"),
        owner: Owner | None = None,
    ) -> None:
        query = (
            sa.update(schema.runs)
            .where(_RUNS.id.in_(run_ids), _RUNS.status.in_(only), *_owned_by(owner))
            .values(status=status, stage=stage, reason=reason, finished_at=_now())
            .returning(_RUNS.id)
        )
        with self._database.write() as connection:
            ended = list(connection.scalars(query))
        for run_id in ended:
            self._remove_files(run_id)

    def _commit(self, run_id: str, result: Result, owner: Owner | None = None) -> bool:
        done = (
            sa.update(schema.runs)
            .where(_RUNS.id == run_id, _RUNS.status == "running", *_owned_by(owner))
            .values(
                status="done",
                stage="done",
                finished_at=_now(),
                progress=1.0,
                seconds=result.seconds,
                ledger_error=result.ledger_error,
                digest=result.digest,
            )  # fmt: skip
        )
        rows = [
            {
                "run_id": run_id,
                "position": position,
                "system": system,
                "name": kpi.name,
                "entity": kpi.entity,
                "value": kpi.value,
                "unit": kpi.unit,
                "limit_value": kpi.limit,
                "status": kpi.status,
            }  # fmt: skip
            for position, (system, kpi) in enumerate(result.kpis)
        ]
        with self._database.write() as connection:
            if connection.execute(done).rowcount != 1:
                return False
            if rows:
                connection.execute(sa.insert(schema.kpis), rows)
        return True

    def _remove_files(self, run_id: str) -> None:
        for folder in (self.files / run_id, self.files / f".{run_id}.part"):
            if folder.exists():
                shutil.rmtree(folder)


def _owned_by(owner: Owner | None) -> list[sa.ColumnElement[bool]]:
    if owner is None:
        return []
    return [_RUNS.host == owner.host, _RUNS.pid == owner.pid, _RUNS.born == owner.born]


def _owner(owner: Owner) -> dict[str, Any]:
    return {"host": owner.host, "pid": owner.pid, "born": owner.born}


def _new_id() -> str:
    return "".join(secrets.choice(_ALPHABET) for _ in range(_ID_LENGTH))


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="microseconds")
