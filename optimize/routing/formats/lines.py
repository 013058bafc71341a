"""Text files line by line, and numbers in them, with the line in every complaint."""

from __future__ import annotations

import math
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from sim.kernel.csv_rows import number_hint, parse_number
from sim.kernel.errors import InputError

Floats = NDArray[np.float64]


class Line(NamedTuple):
    """A line that is not blank: its number from 1, and its words."""

    number: int
    words: list[str]


def read_lines(file: Path) -> list[Line]:
    """Return the lines of a text file that are not blank.

    Raises
    ------
    InputError
        The file cannot be read, is not UTF-8, or holds nothing.
    """
    try:
        text = file.read_text(encoding="utf-8-sig")
    except OSError as error:
        raise InputError(
            "the file cannot be read", where="file", value=error.strerror or str(error), file=file,
            expected="a readable text file", hint="check the path",
        ) from error  # fmt: skip
    except UnicodeDecodeError as error:
        raise InputError(
            "the file is not in UTF-8", where="file", file=file, expected="text in UTF-8"
        ) from error
    found = [
        Line(number, words)
        for number, line in enumerate(text.splitlines(), start=1)
        if (words := line.split())
    ]
    if not found:
        raise InputError("the file is empty", where="line 1", file=file)
    return found


def number(
    text: str, file: Path, where: str, *, least: float = -math.inf, above: float = -math.inf
) -> float:
    """Return the finite number that `text` writes, at least `least` and over `above`.

    Raises
    ------
    InputError
        It writes none, or one out of that range.
    """
    try:
        value = parse_number(text)
    except ValueError as error:
        raise InputError(
            str(error), where=where, value=text, expected="a number",
            hint=number_hint(text), file=file,
        ) from error  # fmt: skip
    if value < least or value <= above:
        bound = f"at least {least:g}" if value < least else f"over {above:g}"
        raise InputError("out of range", where=where, value=text, expected=bound, file=file)
    return value


def whole(text: str, file: Path, where: str, *, least: int = 0) -> int:
    """Return the whole number that `text` writes, at least `least`.

    Raises
    ------
    InputError
        It writes none, or a smaller one.
    """
    value = number(text, file, where, least=least)
    if value != int(value):
        raise InputError("not a whole number", where=where, value=text, file=file)
    return int(value)


def euclidean(xy: Floats) -> Floats:
    """Return the straight-line distances (N, N) between points (N, 2)."""
    difference = xy[:, None, :] - xy[None, :, :]
    return np.hypot(difference[..., 0], difference[..., 1])
