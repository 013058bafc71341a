"""Street graphs from two tables: nodes, and the streets between them."""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from sim.kernel.csv_rows import Sheet, check_columns, parse_number, read_sheet
from sim.kernel.errors import InputError, InputErrors, did_you_mean
from sim.streets.graph import StreetGraph

_YES = {"1": True, "true": True, "yes": True, "0": False, "false": False, "no": False, "": False}
Row = tuple[int, dict[str, str | float]]


@dataclass(frozen=True)
class StreetColumns:
    """Which column of the tables holds what; ``one_way`` and ``kind`` may be none."""

    node_id: str = "id"
    x_m: str = "x_m"
    y_m: str = "y_m"
    id: str = "id"
    start: str = "from"
    end: str = "to"
    length_m: str = "length_m"
    speed_km_h: str = "speed_km_h"
    one_way: str | None = None
    kind: str | None = None


def read_csv_streets(
    streets: Path, street_nodes: Path, columns: StreetColumns | None = None
) -> StreetGraph:
    """Read a street graph from two tables; columns that are not asked for are left alone.

    Raises
    ------
    InputError, InputErrors
        Naming file, line, value and what was expected.
    """
    name = columns or StreetColumns()
    errors: list[InputError] = []
    nodes_sheet, streets_sheet = read_sheet(street_nodes), read_sheet(streets)
    places = _rows(
        nodes_sheet, (name.node_id, name.x_m, name.y_m), (name.x_m, name.y_m), (), errors
    )
    numbers = (name.length_m, name.speed_km_h)
    more = tuple(column for column in (name.one_way, name.kind) if column is not None)
    wanted = (name.id, name.start, name.end, *numbers, *more)
    rows = _rows(streets_sheet, wanted, numbers, numbers, errors)
    if errors:
        raise InputErrors(errors)
    nodes = tuple(str(row[name.node_id]) for _, row in places)
    index = {node: i for i, node in enumerate(nodes)}
    for file, names in ((street_nodes, nodes), (streets, [str(row[name.id]) for _, row in rows])):
        if len(set(names)) < len(names):
            twice = next(one for one in names if list(names).count(one) > 1)
            what = "node" if file == street_nodes else "street"
            raise InputError(f"the same {what} twice", where="id", value=twice, file=file)
    for line, row in rows:
        errors += [
            InputError(
                "no street node has this id", where=f"line {line}, column {end}",
                value=row[end], file=streets, expected=f"a node of {street_nodes.name}",
                hint=did_you_mean(str(row[end]), nodes),
            )
            for end in (name.start, name.end)
            if row[end] not in index
        ]  # fmt: skip
        if name.one_way is not None and str(row[name.one_way]).lower() not in _YES:
            errors.append(
                InputError(
                    "neither yes nor no", where=f"line {line}, column {name.one_way}",
                    value=row[name.one_way], file=streets, expected=f"one of {', '.join(_YES)}",
                )
            )  # fmt: skip
    if errors:
        raise InputErrors(errors)
    return StreetGraph(
        nodes=nodes,
        xy_m=np.array([(row[name.x_m], row[name.y_m]) for _, row in places], dtype=float).reshape(
            -1, 2
        ),
        streets=tuple(str(row[name.id]) for _, row in rows),
        start=np.array([index[str(row[name.start])] for _, row in rows], dtype=np.int64),
        end=np.array([index[str(row[name.end])] for _, row in rows], dtype=np.int64),
        length_m=np.array([row[name.length_m] for _, row in rows], dtype=float),
        free_m_s=np.array([row[name.speed_km_h] for _, row in rows], dtype=float) / 3.6,
        one_way=np.array(
            [name.one_way is not None and _YES[str(row[name.one_way]).lower()] for _, row in rows],
            dtype=bool,
        ),
        kind=tuple(str(row[name.kind]) if name.kind is not None else "" for _, row in rows),
    )


def _rows(
    sheet: Sheet,
    columns: tuple[str, ...],
    numbers: tuple[str, ...],
    positive: tuple[str, ...],
    errors: list[InputError],
) -> list[Row]:
    """Return (line, cells) of every row, the numbers read; what is wrong goes to `errors`."""
    missing = check_columns(sheet, sheet.header, columns)
    if missing:
        errors += missing
        return []
    found = []
    for line, cells in sheet.rows:
        row: dict[str, str | float] = dict(zip(sheet.header, cells, strict=True))
        for name in numbers:
            text = str(row[name])
            try:
                value = parse_number(text)
            except ValueError:
                value = math.nan
            if not math.isfinite(value) or (name in positive and value <= 0.0):
                over = " over 0" if name in positive else ""
                errors.append(
                    InputError(
                        "not valid", where=f"line {line}, column {name}", value=text,
                        file=sheet.file, expected=f"a number{over}",
                    )
                )  # fmt: skip
            row[name] = value
        found.append((line, row))
    return found
