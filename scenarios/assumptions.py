"""The assumptions behind a scenario: those it states and those of the file it names."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from scenarios.document import Assumption, Scenario
from scenarios.side_table import read_table
from sim.kernel.errors import InputError, InputErrors, did_you_mean

Tag = Literal["P", "S", "K", "X", "A"]
TAGS: dict[str, Tag] = {
    "published": "P", "sourced": "S", "common": "K", "measured": "X", "assumed": "A",
}  # fmt: skip
_LETTERS: dict[str, Tag] = {letter: letter for letter in TAGS.values()}
COLUMNS = ("name", "value", "unit", "tag", "source")


def assumptions_of(scenario: Scenario) -> dict[str, Assumption]:
    """Return the assumptions of a scenario by name; the document's own replace those of its file.

    Raises
    ------
    InputError, InputErrors
        If the file cannot be read, or a row of it is not usable.
    """
    found: dict[str, Assumption] = {}
    if scenario.assumptions_file is not None:
        found |= read(scenario.folder / scenario.assumptions_file)
    return found | dict(scenario.assumptions)


def read(path: Path) -> dict[str, Assumption]:
    """Read a table of assumptions: columns name, value, unit, tag and source; others are notes.

    ``tag`` is one of `TAGS`, in words or as a letter. The unit ``-`` means none.
    """
    rows = read_table(path, COLUMNS)
    found: dict[str, Assumption] = {}
    errors = []
    for line, cells in rows:
        try:
            name, assumption = _row(line, cells, path)
            if name in found:
                raise InputError("the same name twice", where=f"line {line}", value=name, file=path)
            found[name] = assumption
        except InputError as error:
            errors.append(error)
    if errors:
        raise InputErrors(errors)
    return found


def _row(line: int, cells: dict[str, str], path: Path) -> tuple[str, Assumption]:
    tag = TAGS.get(cells["tag"]) or _LETTERS.get(cells["tag"])
    if tag is None:
        raise InputError(
            "not one of the choices", where=f"line {line}: tag", value=cells["tag"], file=path,
            expected=", ".join(TAGS), hint=did_you_mean(cells["tag"], tuple(TAGS)),
        )  # fmt: skip
    if not cells["name"]:
        raise InputError("missing", where=f"line {line}: name", file=path, expected="a name")
    unit = "" if cells["unit"] == "-" else cells["unit"]
    value = _number(cells["value"])
    return cells["name"], Assumption(value=value, unit=unit, tag=tag, source=cells["source"])


def _number(text: str) -> float | str:
    """Return a finite number if `text` is one, else the text."""
    try:
        number = float(text)
    except ValueError:
        return text
    return number if number - number == 0.0 else text
