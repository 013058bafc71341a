"""A CSV file as elements of one pydantic model, a row each; every complaint names file and line."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

from pydantic import BaseModel

from sim.kernel.columns import CellError, CellErrors, columns_of, read_element
from sim.kernel.csv_rows import Row, Sheet, check_columns, read_sheet
from sim.kernel.errors import InputError, InputErrors, did_you_mean

Model = TypeVar("Model", bound=BaseModel)


class Rows(NamedTuple):
    """Elements of a file and the line each stands on."""

    file: Path
    elements: tuple[Any, ...]
    lines: tuple[int, ...]

    def error(self, number: int, column: str, what: str, expected: str, hint: str) -> InputError:
        """Return an error about one cell of element `number` (from 0)."""
        return InputError(
            what,
            where=f"line {self.lines[number]}, column {column}",
            value=getattr(self.elements[number], column.split(".", maxsplit=1)[0]),
            expected=expected,
            hint=hint,
            file=self.file,
        )


def read_rows(file: Path, model: type[Model]) -> Rows:
    """Read a file whose columns are the fields of `model` (see `sim.kernel.columns`).

    If the model has a field ``id``, it differs in every row.

    Raises
    ------
    InputErrors
        Everything wrong in the file: unknown or missing columns, ragged rows, cells that do not
        hold what their column needs, values outside their limits, repeated ids.
    """
    sheet = read_sheet(file)
    columns = columns_of(model)
    required = [column.name for column in columns if column.required]
    errors = check_columns(sheet, [column.name for column in columns], required)
    if errors:
        raise InputErrors(errors)
    return elements_of(sheet, model)


def elements_of(sheet: Sheet, model: type[Model]) -> Rows:
    """Return the elements of a sheet whose columns have been checked; raises as `read_rows`."""
    errors: list[InputError] = []
    elements: list[Any] = []
    lines: dict[str, int] = {}
    for row in sheet.rows:
        cells = dict(zip(sheet.header, row.cells, strict=True))
        try:
            elements.append(read_element(model, cells))
            if "id" in cells:
                check_new(cells["id"], row.line, lines)
        except CellErrors as error:
            errors += input_errors(error, sheet.file, row)
    if errors:
        raise InputErrors(errors)
    return Rows(sheet.file, tuple(elements), tuple(row.line for row in sheet.rows))


def check_new(name: str, line: int, lines: dict[str, int]) -> None:
    """Note the line of an id; `CellErrors` if it has been met before."""
    if name in lines:
        what = f"this id is already taken on line {lines[name]}"
        expected = "an id that no other element here has"
        hint = "rename one of the two; rows of one id stand together"
        raise CellErrors([CellError("id", what, name, expected, hint)])
    lines[name] = line


def input_errors(errors: CellErrors, file: Path, row: Row) -> list[InputError]:
    """Return the errors of a row's cells as errors of the file."""
    return [
        InputError(
            error.what,
            where=f"line {row.line}, column {error.column}",
            value=error.value,
            expected=error.expected,
            hint=error.hint,
            file=file,
        )
        for error in errors.errors
    ]


def unknown_ids(
    rows: Rows, column: str, known: Mapping[str, object], what: str, *, empty_is_none: bool = True
) -> list[InputError]:
    """Return an error for every element whose `column` names nothing in `known`."""
    errors = []
    for number, element in enumerate(rows.elements):
        name = getattr(element, column)
        if name is None and empty_is_none:
            continue
        if name not in known:
            hint = did_you_mean(str(name), tuple(known)) or f"add the {what}, or correct the id"
            errors.append(
                rows.error(number, column, f"no such {what}", f"the id of a {what}", hint)
            )
    return errors
