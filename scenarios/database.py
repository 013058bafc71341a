"""Opening the store's database, and what its errors mean to a reader."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import sqlalchemy as sa
from sqlalchemy.pool import ConnectionPoolEntry

from scenarios import schema
from scenarios.location import Location
from sim.kernel.errors import CityClockError

BUSY_SECONDS = 30
# Any number that no other application on the server uses for its advisory locks.
_LOCK = 0x436974_79436C6B
_READING = "cityclock_reading"


class StoreError(CityClockError):
    """The store cannot be used; the text says which and why."""


class Database:
    """Connections to the store's database, with the settings that make commits survive a crash."""

    def __init__(self, location: Location) -> None:
        self.location = location
        try:
            self.engine = sa.create_engine(
                location.url, pool_pre_ping=location.database_file is None
            )
        except (ModuleNotFoundError, sa.exc.NoSuchModuleError) as error:
            raise StoreError(
                f"store {location.url.drivername}: the database driver is missing ({error}); "
                "hint: install psycopg and write postgresql+psycopg://..."
            ) from error
        if self.engine.dialect.name == "sqlite":
            sa.event.listen(self.engine, "connect", _set_up_sqlite)
            sa.event.listen(self.engine, "begin", _begin_immediate)

    def create(self) -> None:
        """Make the tables if there are none, and check that they are of this version.

        Raises
        ------
        StoreError
            If another version of CityClock made them.
        """
        with self.write() as connection:
            if self.engine.dialect.name == "postgresql":
                # Two processes that find no tables would both make them.
                connection.execute(sa.select(sa.func.pg_advisory_xact_lock(_LOCK)))
            schema.metadata.create_all(connection)
            table = schema.about
            found = connection.scalar(sa.select(table.c.value).where(table.c.key == "schema"))
            if found is None:
                row = {"key": "schema", "value": str(schema.SCHEMA_VERSION)}
                connection.execute(sa.insert(table).values(row))
            elif found != str(schema.SCHEMA_VERSION):
                raise StoreError(
                    f"store {self.name}: made by another version of CityClock (schema {found}, "
                    f"this one has {schema.SCHEMA_VERSION}); hint: choose another folder with "
                    "CITYCLOCK_STORE, or move this one away"
                )

    @property
    def name(self) -> str:
        """How messages call the database: its file, or its address without the password."""
        return str(self.location.database_file or self.location.url.render_as_string())

    @contextmanager
    def write(self) -> Iterator[sa.Connection]:
        """One transaction: all of it is kept, or nothing."""
        with self._explained(), self.engine.begin() as connection:
            yield connection

    @contextmanager
    def read(self) -> Iterator[sa.Connection]:
        """Reading takes no lock and never waits for a writer."""
        with (
            self._explained(),
            self.engine.connect().execution_options(**{_READING: True}) as connection,
        ):
            yield connection

    def close(self) -> None:
        """Close all connections."""
        self.engine.dispose()

    @contextmanager
    def _explained(self) -> Iterator[None]:
        try:
            yield
        except sa.exc.DBAPIError as error:
            reason = str(error.orig).strip().splitlines()[0] if error.orig else str(error)
            raise StoreError(f"store {self.name}: {reason}{_hint(reason)}") from error


def _set_up_sqlite(connection: Any, _: ConnectionPoolEntry) -> None:
    # sqlite3 would begin transactions on its own, and only before the first write: two readers
    # that both turn writer would then fail instead of waiting for each other.
    connection.isolation_level = None
    cursor = connection.cursor()
    for pragma in (
        f"busy_timeout = {BUSY_SECONDS * 1000}",
        "journal_mode = WAL",
        "synchronous = FULL",
        "foreign_keys = ON",
    ):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def _begin_immediate(connection: sa.Connection) -> None:
    # A writer takes its turn at once; without BEGIN every read stands alone and locks nothing.
    if not connection.get_execution_options().get(_READING):
        connection.exec_driver_sql("BEGIN IMMEDIATE")


def _hint(reason: str) -> str:
    for part, hint in (
        ("locked", "another process is writing; never keep an SQLite store on a network drive"),
        ("not a database", "the file is damaged or not a store; move it away"),
        ("malformed", "the file is damaged; move it away"),
        ("readonly", "the store's folder must be writable"),
        ("unable to open", "the store's folder must exist and be writable"),
        ("disk is full", "free some space"),
        ("onnection", "is the database server running, and the address right?"),
    ):
        if part in reason:
            return f"; hint: {hint}"
    return ""
