"""Errors a user can act on: what is wrong, where, what was expected, and a hint."""

from __future__ import annotations

import enum
from collections.abc import Iterable, Sequence
from difflib import get_close_matches
from functools import partial
from pathlib import Path
from typing import Any, Final

_LONGEST_VALUE = 80


class _Unset(enum.Enum):
    """Stands for "no value given", because ``None`` may be the value that was wrong."""

    UNSET = "unset"


UNSET: Final = _Unset.UNSET


class CityClockError(Exception):
    """Base of every error whose text is meant for the user."""


class LedgerError(CityClockError):
    """A ledger does not balance; the text names the ledger and its accounts."""


class Cancelled(CityClockError):
    """The run was stopped on request before its horizon."""


class InputError(CityClockError):
    """Something the user supplied is wrong.

    Parameters
    ----------
    what
        What is wrong, as a short clause.
    where
        Path of the value inside its document, e.g. ``drainage.rain.peak_ratio`` or
        ``[CONDUITS] line 12``.
    value
        The value found; left out of the text when not given.
    expected
        What would have been accepted.
    hint
        What to do about it.
    file
        The file that holds the value.
    """

    def __init__(
        self,
        what: str,
        *,
        where: str = "",  # SimPy makes a copy of an error from its positional arguments alone
        value: object = UNSET,
        expected: str = "",
        hint: str = "",
        file: str | Path | None = None,
    ) -> None:
        super().__init__(what)
        self.what = what
        self.where = where
        self.value = value
        self.expected = expected
        self.hint = hint
        self.file = file

    @property
    def errors(self) -> list[InputError]:
        """This error alone; `InputErrors` returns its members, so callers can treat both alike."""
        return [self]

    def __str__(self) -> str:
        place = ": ".join(str(part) for part in (self.file, self.where) if part)
        text = f"{place}: {self.what}" if place else self.what
        if self.value is not UNSET:
            text += f" (got {_shorten(self.value)})"
        if self.expected:
            text += f"; expected {self.expected}"
        if self.hint:
            text += f"; hint: {self.hint}"
        return text

    def __reduce__(self) -> tuple[Any, ...]:
        # Exceptions are rebuilt from ``args`` by default, which loses keyword-only arguments:
        # an error raised in a worker process would arrive as a TypeError.
        build = partial(
            type(self),
            where=self.where,
            value=self.value,
            expected=self.expected,
            hint=self.hint,
            file=self.file,
        )
        return build, (self.what,)


class InputErrors(InputError):
    """Several input errors found in one go, printed one per line.

    Parameters
    ----------
    errors
        At least one error; groups inside are flattened.

    Raises
    ------
    ValueError
        If ``errors`` is empty.
    """

    def __init__(self, errors: Iterable[InputError]) -> None:
        members = [single for error in errors for single in error.errors]
        if not members:
            raise ValueError("InputErrors needs at least one error")
        super().__init__(f"{len(members)} errors", where=members[0].where, file=members[0].file)
        self.args = (members,)
        self._members = members

    @property
    def errors(self) -> list[InputError]:
        """The single errors, in the order found."""
        return list(self._members)

    def __str__(self) -> str:
        return "\n".join(str(error) for error in self._members)

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), (self._members,)


def did_you_mean(name: str, choices: Sequence[str]) -> str:
    """Hint naming the choice closest to ``name``, or an empty string if none is close."""
    close = get_close_matches(name, choices, n=1)
    return f"did you mean '{close[0]}'?" if close else ""


def _shorten(value: object) -> str:
    text = repr(value)
    return text if len(text) <= _LONGEST_VALUE else text[: _LONGEST_VALUE - 3] + "..."
