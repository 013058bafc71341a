"""Checks of what a caller supplies, each error with the name of the zone or site it is about."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray

from sim.kernel.errors import InputError, did_you_mean

_MOST = 5
"""Errors of one kind that are named one by one; the rest are counted."""


def checked_ids(where: str, ids: Sequence[str], wrong: list[InputError]) -> None:
    """Add an error if there are no names, or for each that occurs more than once."""
    if not ids:
        wrong.append(InputError("none given", where=where, expected="at least one"))
    for name, times in Counter(ids).items():
        if times > 1:
            error = InputError(
                f"given {times} times",
                where=where,
                value=name,
                expected="every name once",
                hint="merge the duplicates",
            )
            wrong.append(error)


def known_ids(
    where: str, ids: Sequence[str], sites: Sequence[str], wrong: list[InputError]
) -> None:
    """Add an error for each name that is not a site."""
    known = set(sites)
    for name in ids:
        if name not in known:
            error = InputError(
                "no site has this name",
                where=where,
                value=name,
                hint=did_you_mean(str(name), list(sites)),
            )
            wrong.append(error)


def checked_numbers(
    where: str, values: ArrayLike, names: Sequence[str], wrong: list[InputError]
) -> NDArray[np.float64]:
    """Return one finite number from 0 on for each name."""
    found = np.array(values, dtype=float)
    if found.shape != (len(names),):
        wrong.append(
            InputError("wrong shape", where=where, value=found.shape, expected=f"({len(names)},)")
        )
        return found
    bad = np.flatnonzero(~((found >= 0.0) & (found < np.inf)))
    for k in bad[:_MOST]:
        error = InputError(
            "negative" if found[k] < 0 else "not a finite number",
            where=f"{where}/{names[k]}",
            value=float(found[k]),
            expected="0 or more",
        )
        wrong.append(error)
    _rest(where, len(bad), wrong)
    found.setflags(write=False)
    return found


def checked_matrix(
    where: str, values: ArrayLike, shape: tuple[int, int], wrong: list[InputError]
) -> NDArray[np.float64]:
    """Return a matrix of zones by sites, 0 or more, infinite where there is no way."""
    found = np.asarray(values, dtype=float)
    if found.shape != shape:
        hint = "it seems to be transposed" if found.shape == shape[::-1] else ""
        error = InputError(
            "wrong shape",
            where=where,
            value=found.shape,
            expected=f"{shape}: zones by sites",
            hint=hint,
        )
        wrong.append(error)
        return found
    if found.size and not found.min() >= 0.0:  # NaN is not, either
        rows, columns = np.nonzero(~(found >= 0.0))
        for row, column in zip(rows[:_MOST], columns[:_MOST], strict=True):
            error = InputError(
                "negative" if found[row, column] < 0 else "not a number",
                where=f"{where}[{row}, {column}]",
                value=float(found[row, column]),
                expected="0 or more, infinite where there is no way",
            )
            wrong.append(error)
        _rest(where, len(rows), wrong)
    return found


def _rest(where: str, count: int, wrong: list[InputError]) -> None:
    if count > _MOST:
        wrong.append(InputError(f"{count - _MOST} more like these", where=where))
