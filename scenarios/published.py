"""Published figures to set beside a scenario's results."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from scenarios.document import Scenario
from scenarios.side_table import read_table
from sim.kernel.errors import InputError

COLUMNS = ("scenarios", "hours", "source", "note_en", "note_zh")


@dataclass(frozen=True)
class Published:
    """A published recession time, to stand beside what the model says.

    Attributes
    ----------
    scenarios
        Names of the scenarios it can be compared with.
    hours
        The published figure, in hours.
    source
        Where it was published.
    note_en, note_zh
        What was not said with it; may be empty.
    """

    scenarios: tuple[str, ...]
    hours: float
    source: str
    note_en: str = ""
    note_zh: str = ""


def published_for(scenario: Scenario) -> tuple[Published, ...]:
    """Return what the file that `scenario` names has published about it; empty without a file.

    Raises
    ------
    InputError
        If the file cannot be read or a row of it is not usable.
    """
    if scenario.published_file is None:
        return ()
    rows = read(scenario.folder / scenario.published_file)
    return tuple(row for row in rows if scenario.name in row.scenarios)


def read(path: Path) -> list[Published]:
    """Read a table of published recession times.

    Columns: ``scenarios`` (names, separated by ``;``), ``hours``, ``source``, ``note_en``,
    ``note_zh``.

    Raises
    ------
    InputError
        If the table cannot be read or an hour is not a finite number.
    """
    found = []
    for line, cells in read_table(path, COLUMNS):
        try:
            hours = float(cells["hours"])
        except ValueError:
            hours = float("nan")
        if not 0 <= hours < float("inf"):
            raise InputError(
                "not valid", where=f"line {line}: hours", value=cells["hours"], file=path,
                expected="a number of hours",
            )  # fmt: skip
        names = tuple(name.strip() for name in cells["scenarios"].split(";") if name.strip())
        found.append(Published(names, hours, cells["source"], cells["note_en"], cells["note_zh"]))
    return found
