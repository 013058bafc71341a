"""CSV files as rows of text: strict about everything that a later step could misread.

Numbers are not guessed from text here (``001`` stays ``001``); that is up to whoever knows the
column. Every complaint names the file and the line.
"""

from __future__ import annotations

import csv
import io
import math
import re
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import NamedTuple

from sim.kernel.errors import InputError, InputErrors, did_you_mean

#: A cell longer than this is a missing quote or no table at all.
LONGEST_CELL = 10_000
_NUMBER = re.compile(r"[+-]?([0-9]+(\.[0-9]*)?|\.[0-9]+)([eE][+-]?[0-9]+)?")
_BOM = "\ufeff"


class Row(NamedTuple):
    """One row: the line of the file it starts on, and its cells."""

    line: int
    cells: list[str]


class Sheet(NamedTuple):
    """A file's header and rows; every row has as many cells as the header."""

    file: Path
    header: list[str]
    rows: list[Row]


def read_sheet(file: Path) -> Sheet:
    """Read a comma-separated file in UTF-8, with or without a byte-order mark.

    Blank lines are left out. The header is the first line; its names are not empty and not
    repeated.

    Raises
    ------
    InputErrors
        The file cannot be opened, is empty, is in another encoding, uses another separator, has a
        quote that is never closed, a row of another length than the header, or a cell of more than
        `LONGEST_CELL` characters.
    """
    errors: list[InputError] = []
    records = _records(file, _text(file))
    header = records[0].cells
    _check_header(file, header)
    rows = records[1:]
    for line, cells in rows:
        if len(cells) != len(header):
            errors.append(
                InputError(
                    f"the row has {len(cells)} cells, the header {len(header)}",
                    where=f"line {line}",
                    value=",".join(cells),
                    expected=f"{len(header)} cells",
                    hint="quote cells that contain a comma; write a decimal point, not a comma",
                    file=file,
                )
            )
        for name, cell in zip(header, cells, strict=False):
            if len(cell) > LONGEST_CELL:
                errors.append(
                    InputError(
                        f"the cell has {len(cell)} characters",
                        where=f"line {line}, column {name}",
                        value=cell,
                        expected=f"at most {LONGEST_CELL}",
                        hint="a quote may be missing",
                        file=file,
                    )
                )
    if errors:
        raise InputErrors(errors)
    return Sheet(file, header, rows)


def sheet_text(header: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Return a table as text: commas, one ``\\n`` a row, quotes only where they are needed."""
    lines = (",".join(map(_quoted, cells)) for cells in (header, *rows))
    return "".join(f"{line}\n" for line in lines)


def parse_number(text: str) -> float:
    """Return the finite number that `text` writes in plain or scientific notation.

    Raises
    ------
    ValueError
        With what is wrong: not a number (also "nan", "1_000", "1,5", blanks around it), or beyond
        the range of a 64-bit float.
    """
    if not _NUMBER.fullmatch(text):
        raise ValueError("not a number")
    value = float(text)
    if not math.isfinite(value):
        raise ValueError("beyond the range of a 64-bit number")
    return value


def number_hint(text: str) -> str:
    """Return what to do about a cell that should hold a number and does not."""
    if text != text.strip():
        return "remove the blanks around it"
    if _NUMBER.fullmatch(text.replace(",", ".", 1)):
        return "write a decimal point, not a comma"
    if _NUMBER.fullmatch(text.replace(",", "").replace("_", "").replace(" ", "")):
        return "write digits without separators"
    if text.lower().lstrip("+-") in {"nan", "na", "n/a", "null", "none", "inf", "infinity"}:
        return "a missing value is an empty cell, where the column allows it"
    match = re.match(r"[+-]?[0-9.]+(?=\s*[^0-9.\s]+$)", text)
    return (
        "leave out the unit: the column's name says it" if match else "write it as 12.5 or 1.2e-3"
    )


def check_columns(sheet: Sheet, known: Sequence[str], required: Iterable[str]) -> list[InputError]:
    """Return an error for every column of `sheet` that is unknown or missing."""
    errors = [
        InputError(
            "unknown column",
            where=f"line 1, column {name}",
            value=name,
            expected=f"one of {', '.join(known)}",
            hint=did_you_mean(name, list(known)) or "remove the column, or rename it",
            file=sheet.file,
        )
        for name in sheet.header
        if name not in known
    ]
    errors += [
        InputError(
            "missing column",
            where=f"line 1, column {name}",
            expected=f"a column {name} in the header",
            hint=did_you_mean(name, [other for other in sheet.header if other not in known])
            or "add the column; names are in lower case",
            file=sheet.file,
        )
        for name in required
        if name not in sheet.header
    ]
    return errors


def _text(file: Path) -> str:
    try:
        data = file.read_bytes()
    except OSError as error:
        raise InputErrors(
            [
                InputError(
                    "the file cannot be read",
                    where="file",
                    value=error.strerror or str(error),
                    expected="a readable CSV file",
                    hint="check the path, relative to the scenario or folder that names it",
                    file=file,
                )
            ]
        ) from error
    try:
        return data.decode("utf-8").removeprefix(_BOM)
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise InputErrors(
            [
                InputError(
                    "the file is not in UTF-8",
                    where=f"line {line}",
                    value=data[error.start : error.start + 4],
                    expected="UTF-8, with or without a byte-order mark",
                    hint=_encoding_hint(data),
                    file=file,
                )
            ]
        ) from error


def _encoding_hint(data: bytes) -> str:
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        return "it looks like UTF-16: save it as CSV UTF-8"
    try:
        data.decode("gb18030")
    except UnicodeDecodeError:
        return "save it as CSV UTF-8"
    return "it could be GBK or GB18030: save it as CSV UTF-8"


def _records(file: Path, text: str) -> list[Row]:
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    records: list[Row] = []
    line = 1
    try:
        for cells in reader:
            if cells:
                records.append(Row(line, cells))
            line = reader.line_num + 1
    except csv.Error as error:
        raise InputErrors(
            [
                InputError(
                    "the row is not valid CSV",
                    where=f"line {line}",
                    value=str(error),
                    expected='quoted cells as "a ""b"" c", and every quote closed',
                    hint="a quote in this row, or further up, may be missing or too many",
                    file=file,
                )
            ]
        ) from error
    if not records:
        raise InputErrors(
            [
                InputError(
                    "the file is empty",
                    where="line 1",
                    expected="a header and rows",
                    hint="an empty table needs no file",
                    file=file,
                )
            ]
        )
    return records


def _check_header(file: Path, header: list[str]) -> None:
    errors = []
    other = next((mark for mark in ";\t|" if len(header) == 1 and mark in header[0]), None)
    if other is not None:
        errors.append(
            InputError(
                "the cells are not separated by commas",
                where="line 1",
                value=header[0],
                expected="a comma between cells",
                hint=f"save it as CSV with commas instead of {other!r}",
                file=file,
            )
        )
    for position, name in enumerate(header, start=1):
        if name == "":
            errors.append(
                InputError(
                    "a column has no name",
                    where=f"line 1, column {position}",
                    expected="a name in every cell of the header",
                    hint="remove the comma, or name the column",
                    file=file,
                )
            )
        elif name in header[: position - 1]:
            errors.append(
                InputError(
                    "a column appears twice",
                    where=f"line 1, column {name}",
                    value=name,
                    expected="every column once",
                    hint="remove one of the two",
                    file=file,
                )
            )
    if errors:
        raise InputErrors(errors)


def _quoted(cell: str) -> str:
    if any(mark in cell for mark in ',"\r\n'):
        return '"' + cell.replace('"', '""') + '"'
    return cell
