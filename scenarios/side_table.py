"""Tables that a scenario names for its readers: assumptions, published figures."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from pathlib import Path

from sim.kernel.errors import InputError, did_you_mean


def read_table(path: Path, columns: Sequence[str]) -> list[tuple[int, dict[str, str]]]:
    """Return (line, cells) of every row of a CSV table, the cells of `columns` only, stripped.

    Raises
    ------
    InputError
        If it cannot be read, is not a CSV table in UTF-8, or a column or cell is missing.
    """
    try:
        with path.open(encoding="utf-8", newline="") as file:
            reader = csv.DictReader(file, strict=True)
            names = list(reader.fieldnames or ())
            rows = [(reader.line_num, row) for row in reader]
    except OSError as error:
        raise InputError(
            f"cannot be read: {error.strerror or error}", where="(table)", file=path
        ) from error
    except (UnicodeDecodeError, csv.Error) as error:
        raise InputError("is not a CSV table in UTF-8", where="(table)", file=path) from error
    for column in columns:
        if column not in names:
            raise InputError(
                "missing column", where=column, file=path, hint=did_you_mean(column, names),
                expected=f"the columns {', '.join(columns)}",
            )  # fmt: skip
    for line, row in rows:
        if None in row or None in row.values():
            raise InputError(
                "wrong number of cells", where=f"line {line}", file=path,
                expected=f"{len(names)} cells", hint="put text with commas in quotes",
            )  # fmt: skip
    return [(line, {name: row[name].strip() for name in columns}) for line, row in rows]
