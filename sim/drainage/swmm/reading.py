"""What one import keeps at hand: rows by section, units, names, notes and problems."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

from pydantic import BaseModel, ValidationError

from sim.drainage.swmm.lexer import Row
from sim.drainage.swmm.times import parse_number
from sim.drainage.swmm.units import Units, units_for
from sim.kernel.errors import InputError

_Model = TypeVar("_Model", bound=BaseModel)


class UnsupportedSection(InputError):
    """The file asks for something that changes the flow and that we cannot represent."""


@dataclass(frozen=True)
class Note:
    """Something the file says that has no effect on the imported model, or an adjustment made."""

    section: str
    line: int
    text: str

    def __str__(self) -> str:
        return f"[{self.section}] line {self.line}: {self.text}"


@dataclass
class Reading:
    """The state of one import; sections fill it, `sim.drainage.swmm.reader` assembles it."""

    file: Path
    sections: Mapping[str, list[Row]]
    units: Units = field(default_factory=lambda: units_for("CFS"))
    notes: list[Note] = field(default_factory=list)
    problems: list[InputError] = field(default_factory=list)
    files: list[Path] = field(default_factory=list)
    names: dict[str, dict[str, str]] = field(default_factory=dict)
    link_kinds: dict[str, str] = field(default_factory=dict)  # upper-case id -> its section
    levels: dict[str, str] = field(default_factory=dict)  # upper-case conduit id -> its level
    tides: dict[str, str] = field(default_factory=dict)  # stage series -> tidal curve behind it

    def rows(self, section: str) -> list[Row]:
        return self.sections.get(section, [])

    def note(self, row: Row, text: str) -> None:
        self.notes.append(Note(row.section, row.number, text))

    def each(self, section: str, read: Callable[[Row], None]) -> None:
        """Call `read` on every row, keeping the errors so that all of them are shown."""
        for row in self.rows(section):
            try:
                read(row)
            except InputError as problem:
                self.problems.append(problem)
            except ValidationError as error:
                # a bound of the element that no check before named more kindly
                self.problems += [
                    bad(row, f"{problem['loc'][0] if problem['loc'] else ''}: {problem['msg']}",
                        problem["input"], "a value within the element's bounds")
                    for problem in error.errors()
                ]  # fmt: skip

    def unsupported(self, row: Row, what: str, hint: str = "") -> UnsupportedSection:
        return UnsupportedSection(
            f"{what} is not supported", where=row.where, value=" ".join(row.tokens),
            file=row.file, hint=hint,
        )  # fmt: skip

    # --- names: SWMM matches identifiers without regard to case ----------------------------

    def define(self, family: str, row: Row, name: str) -> str:
        known = self.names.setdefault(family, {})
        if name.upper() in known:
            raise bad(row, f"the {family} is defined twice", name, "one definition per id")
        known[name.upper()] = name
        return name

    def known(self, family: str, name: str) -> bool:
        return name.upper() in self.names.get(family, {})

    def refer(self, family: str, row: Row, index: int) -> str:
        """Return the id as it was defined; raise if nothing bears that name."""
        name = text(row, index, f"the id of a {family}")
        found = self.names.get(family, {}).get(name.upper())
        if found is None:
            raise bad(row, f"no {family} has this id", name, f"the id of a {family} of this file")
        return found

    def free_name(self, family: str, wanted: str) -> str:
        """Return `wanted`, or with a number behind it if taken, and keep it taken."""
        name, k = wanted, 1
        while self.known(family, name):
            k += 1
            name = f"{wanted}#{k}"
        self.names.setdefault(family, {})[name.upper()] = name
        return name


def made(kind: type[_Model], /, **fields: object) -> _Model:
    """Build an element from fields whose keywords come from the file; pydantic checks them."""
    return kind.model_validate(fields)


# --- tokens of a row -------------------------------------------------------------------------


def bad(row: Row, what: str, value: object, expected: str, hint: str = "") -> InputError:
    return InputError(
        what, where=row.where, value=value, expected=expected, hint=hint, file=row.file
    )


def text(row: Row, index: int, what: str) -> str:
    if index >= len(row):
        raise InputError(
            f"the line ends before {what}", where=row.where, value=" ".join(row.tokens),
            expected=f"at least {index + 1} items", file=row.file,
        )  # fmt: skip
    return row[index]


def optional(row: Row, index: int, unset: Iterable[str] = ("",)) -> str | None:
    """Return a token, or None if the line ends before it or it is one of `unset`."""
    if index >= len(row) or row[index] in unset:
        return None
    return row[index]


def number(
    row: Row,
    index: int,
    what: str,
    *,
    default: float | None = None,
    minimum: float | None = None,
    above: float | None = None,
    maximum: float | None = None,
) -> float:
    """Return a finite number within bounds; `default` stands in where the line is shorter."""
    if index >= len(row) and default is not None:
        return default
    token = text(row, index, what)
    value = parse_number(token)
    if value is None:
        raise bad(row, f"{what} is not a number", token, "a finite number")
    if minimum is not None and value < minimum:
        raise bad(row, f"{what} is too small", token, f"at least {minimum:g}")
    if above is not None and value <= above:
        raise bad(row, f"{what} is too small", token, f"more than {above:g}")
    if maximum is not None and value > maximum:
        raise bad(row, f"{what} is too large", token, f"at most {maximum:g}")
    return value


def keyword(row: Row, index: int, what: str, words: Iterable[str], default: str = "") -> str:
    """Return the keyword the token starts with (as SWMM matches); ``default`` if absent."""
    if default and optional(row, index) is None:
        return default
    token = text(row, index, what)
    found = match(token, words)
    if found is None:
        raise bad(row, f"{what} is unknown", token, f"one of {', '.join(words)}")
    return found


def match(token: str, words: Iterable[str]) -> str | None:
    """Return the first word the token starts with, case ignored."""
    upper = token.upper()
    return next((word for word in words if upper.startswith(word)), None)


def yes(row: Row, index: int, what: str, default: bool = False) -> bool:
    return keyword(row, index, what, ("NO", "YES"), "YES" if default else "NO") == "YES"
