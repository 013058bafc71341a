"""All numbers of a text file in order."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from sim.kernel.errors import InputError


def numbers(path: Path, *, skip: frozenset[str] = frozenset()) -> NDArray[np.float64]:
    """Return the numbers of a file, words in ``skip`` left out.

    Raises
    ------
    InputError
        With the line of whatever is not a number.
    """
    found: list[float] = []
    for line, text in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1):
        for word in text.split():
            if word in skip:
                continue
            try:
                found.append(float(word))
            except ValueError:
                raise InputError(
                    "not a number", where=f"line {line}", value=word, file=path
                ) from None
    return np.array(found)
