"""A drainage network as a folder of tables: one CSV per family, rules as JSON.

Columns follow from the element models (`sim.drainage.columns`). Curves, series and transects have
one row per point: rows of one id stand together, and what describes the whole element is given on
its first row. A family without elements has no file. Writing is deterministic and exact: what is
read back equals what was written, to the last bit.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, Final, NoReturn, get_args

from pydantic import BaseModel, TypeAdapter, ValidationError

from sim.drainage.elements import Rule
from sim.drainage.network import Network
from sim.kernel.columns import (
    CellError,
    CellErrors,
    Column,
    columns_of,
    element_cells,
    points_field,
    read_element,
)
from sim.kernel.csv_rows import (
    Row,
    Sheet,
    check_columns,
    number_hint,
    parse_number,
    read_sheet,
    sheet_text,
)
from sim.kernel.errors import InputError, InputErrors, did_you_mean
from sim.kernel.row_files import check_new, elements_of, input_errors

RULES_FILE: Final = "rules.json"
_RULES: TypeAdapter[tuple[Rule, ...]] = TypeAdapter(tuple[Rule, ...])
_MODELS: Final[Mapping[str, type[BaseModel]]] = {
    family: get_args(field.annotation)[0]
    for family, field in Network.model_fields.items()
    if family != "rules"
}
#: The columns of a point, for families with one row per point.
_POINT_COLUMNS: Final[Mapping[str, tuple[str, str]]] = {
    "curves": ("x", "y"),
    "series": ("time_s", "value"),
    "transects": ("station_m", "elevation_m"),
}
_ANY_POINTS: Final = ((0.0, 0.0), (1.0, 0.0), (2.0, 0.0))


def read_tables(folder: str | Path) -> Network:
    """Read a network from the tables in `folder`; a missing table is an empty family.

    References between elements are not checked here: see `sim.drainage.checks.check_network`.

    Raises
    ------
    InputErrors
        Everything wrong in any of the files, with file, line, column, value, what was expected and
        a hint: unknown or missing columns, cells that are no number where one is needed, ragged
        rows, repeated ids, another encoding, values outside their limits; also a CSV file in the
        folder that is no table, and a folder without any table.
    """
    folder = Path(folder)
    errors = _folder_errors(folder)
    families: dict[str, tuple[Any, ...]] = {}
    for family, model in _MODELS.items():
        file = folder / f"{family}.csv"
        if file.exists():
            try:
                families[family] = _read_family(file, family, model)
            except InputErrors as error:
                errors.append(error)
    if (folder / RULES_FILE).exists():
        try:
            families["rules"] = _read_rules(folder / RULES_FILE)
        except InputErrors as error:
            errors.append(error)
    if errors:
        raise InputErrors(errors)
    return Network(**families)


def write_tables(network: Network, folder: str | Path) -> tuple[Path, ...]:
    """Write `network` as tables into `folder`, made if it does not exist; return the files.

    A table left there from before whose family is now empty is removed, as it would be read back.
    Other files are left alone.

    Raises
    ------
    InputErrors
        An id appears twice in one family, which a table cannot hold.
    """
    folder = Path(folder)
    repeated = [
        error for family in _MODELS for error in _repeated(family, getattr(network, family))
    ]
    if repeated:
        raise InputErrors(repeated)
    folder.mkdir(parents=True, exist_ok=True)
    texts = {
        f"{family}.csv": _family_text(family, model, getattr(network, family))
        for family, model in _MODELS.items()
    }
    rules = [rule.model_dump(mode="json", exclude_defaults=True) for rule in network.rules]
    texts[RULES_FILE] = json.dumps(rules, ensure_ascii=False, indent=2) + "\n" if rules else ""
    for name, text in texts.items():
        if text:
            (folder / name).write_text(text, encoding="utf-8", newline="")
        else:
            (folder / name).unlink(missing_ok=True)
    return tuple(folder / name for name, text in texts.items() if text)


def table_files(folder: str | Path) -> tuple[Path, ...]:
    """Return the files that `read_tables` reads from `folder`, in a fixed order."""
    names = [*(f"{family}.csv" for family in _MODELS), RULES_FILE]
    return tuple(Path(folder) / name for name in names if (Path(folder) / name).exists())


def _folder_errors(folder: Path) -> list[InputError]:
    known = [f"{family}.csv" for family in _MODELS]
    expected = f"a folder with some of {', '.join(known)}, {RULES_FILE}"
    if not folder.is_dir():
        error = InputError(
            "there is no such folder of tables",
            where="network",
            expected=expected,
            hint="a SWMM file ends in .inp; a path is relative to its scenario",
            file=folder,
        )
        raise InputErrors([error])
    strangers = [
        file
        for file in sorted(folder.iterdir())
        if file.suffix.lower() == ".csv" and file.name not in known
    ]
    errors = [
        InputError(
            "no family of elements has this table",
            where="file name",
            value=file.name,
            expected=f"one of {', '.join(known)}",
            hint=did_you_mean(file.name.lower(), known) or "keep other data in another folder",
            file=file,
        )
        for file in strangers
    ]
    if not strangers and not table_files(folder):
        errors.append(
            InputError(
                "the folder holds no table",
                where="network",
                expected=expected,
                hint="check the path",
                file=folder,
            )
        )
    return errors


# --- one family ------------------------------------------------------------------------------


def _header(family: str, columns: tuple[Column, ...]) -> list[str]:
    names = [column.name for column in columns]
    points = _POINT_COLUMNS.get(family)
    if points is not None:
        # After what says which curve it is: id, and kind if there is one.
        at = 2 if "kind" in names else 1
        names[at:at] = points
    return names


def _read_family(file: Path, family: str, model: type[BaseModel]) -> tuple[Any, ...]:
    sheet = read_sheet(file)
    columns = columns_of(model)
    points = _POINT_COLUMNS.get(family, ())
    required = [column.name for column in columns if column.required]
    errors = check_columns(sheet, _header(family, columns), [*required, *points])
    if errors:
        raise InputErrors(errors)
    if points:
        return _read_long(sheet, model, columns, points)
    return elements_of(sheet, model).elements


def _read_long(
    sheet: Sheet, model: type[BaseModel], columns: tuple[Column, ...], points: Sequence[str]
) -> tuple[Any, ...]:
    """Return one element per run of rows with the same id."""
    errors: list[InputError] = []
    groups: list[tuple[Row, dict[str, str], list[tuple[float, ...]]]] = []
    lines: dict[str, int] = {}
    damaged: set[str] = set()
    for row in sheet.rows:
        cells = dict(zip(sheet.header, row.cells, strict=True))
        try:
            if groups and groups[-1][1]["id"] == cells["id"]:
                _check_same(cells, groups[-1][1], columns)
            else:
                groups.append((row, cells, []))
                check_new(cells["id"], row.line, lines)
            groups[-1][2].append(_point(points, cells))
        except CellErrors as error:
            errors += input_errors(error, sheet.file, row)
            damaged.add(cells["id"])
    elements = []
    field = points_field(model)
    assert field is not None
    for row, cells, pairs in groups:
        # Points already reported are not complained about again: only the other cells are read.
        known = _ANY_POINTS if cells["id"] in damaged else tuple(pairs)
        try:
            elements.append(read_element(model, cells, {field: known}))
        except CellErrors as error:
            errors += input_errors(error, sheet.file, row)
    if errors:
        raise InputErrors(errors)
    return tuple(elements)


def _point(names: Sequence[str], cells: Mapping[str, str]) -> tuple[float, ...]:
    point = []
    errors = []
    for name in names:
        try:
            point.append(parse_number(cells[name]))
        except ValueError as error:
            what = str(error) if cells[name] else "the cell is empty"
            hint = number_hint(cells[name]) if cells[name] else "every row is one point"
            errors.append(CellError(name, what, cells[name], "a number", hint))
    if errors:
        raise CellErrors(errors)
    return tuple(point)


def _check_same(
    cells: Mapping[str, str], first: Mapping[str, str], columns: Iterable[Column]
) -> None:
    errors = [
        CellError(
            column.name,
            f"the value differs from the first row of {cells['id']}",
            cells[column.name],
            f"{first[column.name]!r}, or an empty cell",
            "the rows of one id stand together and describe one element",
        )
        for column in columns
        if cells.get(column.name, "") not in ("", first.get(column.name, ""))
    ]
    if errors:
        raise CellErrors(errors)


def _family_text(family: str, model: type[BaseModel], elements: Sequence[Any]) -> str:
    if not elements:
        return ""
    columns = columns_of(model)
    header = _header(family, columns)
    points = _POINT_COLUMNS.get(family)
    if points is None:
        return sheet_text(header, [element_cells(element) for element in elements])
    at = header.index(points[0])
    field = points_field(model)
    assert field is not None
    rows = []
    for element in elements:
        own = element_cells(element)
        rest = [own[0], *([""] * (len(own) - 1))]
        for i, (x, y) in enumerate(getattr(element, field)):
            cells = own if i == 0 else rest
            rows.append([*cells[:at], repr(x), repr(y), *cells[at:]])
    return sheet_text(header, rows)


def _repeated(family: str, elements: Sequence[Any]) -> list[InputError]:
    met: set[str] = set()
    errors = []
    for element in elements:
        name = getattr(element, "id", None)
        if name is None:
            continue
        if name in met:
            errors.append(
                InputError(
                    "this id appears twice",
                    where=f"{family}/{name}/id",
                    value=name,
                    expected="an id of its own for every element",
                    hint="rename one of the two",
                )
            )
        met.add(name)
    return errors


# --- rules -----------------------------------------------------------------------------------


def _read_rules(file: Path) -> tuple[Rule, ...]:
    def refuse(what: str, where: str, value: object, expected: str, hint: str) -> NoReturn:
        raise InputErrors(
            [InputError(what, where=where, value=value, expected=expected, hint=hint, file=file)]
        )

    def unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        keys = [key for key, _ in pairs]
        for key in keys:
            if keys.count(key) > 1:
                refuse("a key appears twice", "object", key, "every key once", "remove one of them")
        return dict(pairs)

    try:
        text = file.read_bytes().decode("utf-8-sig")
        json.loads(text, object_pairs_hook=unique)
        return _RULES.validate_json(text)
    except UnicodeDecodeError as error:
        bad = error.object[error.start : error.end]
        refuse("the file is not in UTF-8", f"byte {error.start}", bad, "UTF-8", "save it as UTF-8")
    except json.JSONDecodeError as error:
        place = f"line {error.lineno}, column {error.colno}"
        refuse(
            error.msg, place, error.doc[error.pos :], "JSON", "a comma or bracket may be missing"
        )
    except RecursionError:
        refuse(
            "the file is nested too deeply", "file", text, "a list of rules", "check the brackets"
        )
    except ValidationError as error:
        found = error.errors(include_url=False)
        # A list whose only member is wrong counts as too short as well: that says nothing new.
        parents = {one["loc"][:depth] for one in found for depth in range(len(one["loc"]))}
        raise InputErrors(
            [
                InputError(
                    "the value is not allowed",
                    where="".join(
                        f"[{step}]" if isinstance(step, int) else f".{step}" for step in one["loc"]
                    )
                    or "file",
                    value=one["input"],
                    expected=one["msg"].removeprefix("Input should be "),
                    hint="the fields are those of a control rule: id, premises, then, otherwise",
                    file=file,
                )
                for one in found
                if one["loc"] not in parents
            ]
        ) from error
