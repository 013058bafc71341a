"""Where runs are kept: a folder by default, a database by URL for a team."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

import sqlalchemy as sa

from sim.kernel.errors import InputError

STORE_VARIABLE = "CITYCLOCK_STORE"
FILES_VARIABLE = "CITYCLOCK_FILES"
DEFAULT_FOLDER = ".cityclock"
DATABASE_FILE = "runs.sqlite"


@dataclass(frozen=True)
class Location:
    """The database's address and the folder of the runs' files (absolute)."""

    url: sa.URL
    folder: Path

    @property
    def database_file(self) -> Path | None:
        """The SQLite file, or none for a database server."""
        if self.url.get_backend_name() != "sqlite" or not self.url.database:
            return None
        return Path(self.url.database)

    def exists(self) -> bool:
        """Whether there is a store to read; a database server counts as one."""
        return self.database_file is None or self.database_file.is_file()

    def environment(self) -> dict[str, str]:
        """Return the variables that lead another process to the same store."""
        return {
            STORE_VARIABLE: self.url.render_as_string(hide_password=False),
            FILES_VARIABLE: str(self.folder),
        }


def locate(place: str | Path | None = None) -> Location:
    """Return where the store is.

    Parameters
    ----------
    place
        A folder, or a database URL (``postgresql+psycopg://user@host/name``,
        ``sqlite:///file.sqlite``). If none: the variable ``CITYCLOCK_STORE``, else ``.cityclock``
        in the current folder. Files go beside an SQLite database; with a database server they go
        to the folder ``CITYCLOCK_FILES``, else to ``.cityclock``, which the team must share.

    Raises
    ------
    InputError
        If the URL cannot be understood.
    """
    given = place if place is not None else os.environ.get(STORE_VARIABLE, "") or DEFAULT_FOLDER
    files = os.environ.get(FILES_VARIABLE, "")
    if isinstance(given, Path) or "://" not in given:
        folder = Path(given).expanduser().resolve()
        url = sa.URL.create("sqlite+pysqlite", database=str(folder / DATABASE_FILE))
        return Location(url, folder)
    try:
        url = sa.make_url(given)
        backend = url.get_backend_name()
    except (sa.exc.ArgumentError, ValueError) as error:
        raise _refuse(given, "not a database address") from error
    if backend == "sqlite":
        if not url.database or url.database == ":memory:":
            raise _refuse(given, "a store in memory would be lost")
        database = Path(url.database).resolve()
        folder = Path(files).resolve() if files else database.parent
        return Location(url.set(database=str(database)), folder)
    if backend != "postgresql":
        raise _refuse(given, f"{backend} is not supported")
    return Location(url, Path(files or DEFAULT_FOLDER).resolve())


def _refuse(given: str, what: str) -> InputError:
    # The address may hold a password: it is not repeated.
    return InputError(
        what, where=STORE_VARIABLE, value=given.partition("://")[0] + "://...",
        expected="a folder, sqlite:///FILE or postgresql+psycopg://USER@HOST/NAME",
    )  # fmt: skip
