"""The tables of the store, and what one row of them is called in Python."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import sqlalchemy as sa

SCHEMA_VERSION = 1

Status = Literal["queued", "running", "done", "failed", "cancelled"]
STATUSES: tuple[Status, ...] = ("queued", "running", "done", "failed", "cancelled")

metadata = sa.MetaData()

about = sa.Table(
    "about",
    metadata,
    sa.Column("key", sa.String(32), primary_key=True),
    sa.Column("value", sa.String(64), nullable=False),
)

runs = sa.Table(
    "runs",
    metadata,
    sa.Column("id", sa.String(16), primary_key=True),
    sa.Column("batch", sa.String(16), nullable=False, index=True),
    sa.Column("scenario", sa.Text, nullable=False, index=True),
    sa.Column("hash", sa.String(64), nullable=False, index=True),
    sa.Column("document", sa.Text, nullable=False),
    sa.Column("seed", sa.BigInteger, nullable=False),
    sa.Column("replication", sa.Integer, nullable=False),
    sa.Column("engine", sa.String(64), nullable=False),
    sa.Column("code_version", sa.String(64), nullable=False),
    sa.Column("code_dirty", sa.Boolean, nullable=False),
    sa.Column("code_digest", sa.String(64), nullable=False),
    sa.Column("status", sa.String(16), nullable=False, index=True),
    sa.Column("stage", sa.String(32), nullable=False),
    sa.Column("reason", sa.Text, nullable=False),
    # Moments are ISO 8601 in UTC with microseconds: they sort as text, in any database.
    sa.Column("created_at", sa.String(32), nullable=False, index=True),
    sa.Column("started_at", sa.String(32)),
    sa.Column("finished_at", sa.String(32)),
    sa.Column("progress", sa.Float, nullable=False),
    sa.Column("seconds", sa.Float),
    sa.Column("ledger_error", sa.Float),
    sa.Column("digest", sa.String(64)),
    sa.Column("cancel_requested", sa.Boolean, nullable=False),
    sa.Column("host", sa.Text, nullable=False),
    sa.Column("pid", sa.BigInteger, nullable=False),
    sa.Column("born", sa.Text, nullable=False),
    sa.CheckConstraint(f"status IN {STATUSES}", name="status_known"),
)

kpis = sa.Table(
    "kpis",
    metadata,
    sa.Column("run_id", sa.ForeignKey("runs.id", ondelete="CASCADE"), primary_key=True),
    sa.Column("position", sa.Integer, primary_key=True),
    sa.Column("system", sa.String(64), nullable=False),
    sa.Column("name", sa.String(64), nullable=False),
    sa.Column("entity", sa.Text, nullable=False),
    sa.Column("value", sa.Float),
    sa.Column("unit", sa.String(32), nullable=False),
    sa.Column("limit_value", sa.Float),
    sa.Column("status", sa.String(32), nullable=False),
    sa.UniqueConstraint("run_id", "system", "name", "entity", name="one_value_each"),
)


@dataclass(frozen=True)
class StoredRun:
    """A run as the store knows it.

    Attributes
    ----------
    id
        Short and unique; names the folder of the run's files.
    batch
        The id of the first of the replications that were started together.
    scenario, hash, document
        Name, content hash and resolved document (JSON) of the scenario.
    code_version, code_dirty, code_digest
        See `scenarios.version.CodeVersion`.
    status, stage, reason
        Where it stands; for a failed run what it was doing and why it failed.
    created_at, started_at, finished_at
        ISO 8601, UTC.
    progress
        Fraction of the simulated time done.
    seconds
        What the run took, without loading its inputs.
    ledger_error
        The largest error of its ledgers as a fraction of what came in.
    digest
        Hash of everything it recorded.
    """

    id: str
    batch: str
    scenario: str
    hash: str
    document: str
    seed: int
    replication: int
    engine: str
    code_version: str
    code_dirty: bool
    code_digest: str
    status: Status
    stage: str
    reason: str
    created_at: str
    started_at: str | None
    finished_at: str | None
    progress: float
    seconds: float | None
    ledger_error: float | None
    digest: str | None
    cancel_requested: bool
    host: str
    pid: int
    born: str

    @property
    def ended(self) -> bool:
        """Whether the run is done, failed or cancelled."""
        return self.status in ("done", "failed", "cancelled")
