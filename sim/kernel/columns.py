"""Table columns derived from a pydantic model, and the way between a row of text and an element.

A nested model becomes columns with a dot (``section.kind``); a union of models, told apart by one
literal field, has the columns of all its members, of which a row fills those of its own member. A
field with a single possible value has no column. An empty cell stands for the field's default.
``work`` and ``replaces`` come last, as in most rows they are empty.
"""

from __future__ import annotations

import types
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import lru_cache
from typing import Annotated, Any, Literal, NamedTuple, Union, get_args, get_origin

from pydantic import BaseModel, ValidationError
from pydantic.fields import FieldInfo

from sim.kernel.csv_rows import number_hint, parse_number
from sim.kernel.errors import did_you_mean
from sim.kernel.schema import Pairs

_LAST = ("work", "replaces")


class CellError(NamedTuple):
    """What is wrong with one cell of a row."""

    column: str
    what: str
    value: str
    expected: str
    hint: str = ""


class CellErrors(Exception):
    """The cells of a row that do not hold what their columns need."""

    def __init__(self, errors: Sequence[CellError]) -> None:
        super().__init__(f"{len(errors)} wrong cells")
        self.errors = tuple(errors)


class Column(NamedTuple):
    """A column: where its value belongs in the model, and how it is read and written.

    ``members`` are the values of the union's discriminator for which the column exists, with the
    requirement and default it has there; a column outside any union has the one key "".
    """

    name: str
    path: tuple[str, ...]
    parse: Callable[[str], Any]
    members: Mapping[str, FieldInfo]
    discriminator: str = ""

    @property
    def required(self) -> bool:
        """Whether the header must have the column."""
        return "" in self.members and self.members[""].is_required()


@lru_cache(maxsize=64)
def columns_of(model: type[BaseModel]) -> tuple[Column, ...]:
    """Return the columns of `model`, leaving out its points (a field of type Pairs)."""
    columns = list(_columns(model, ()))
    return tuple(sorted(columns, key=lambda column: column.name in _LAST))


def points_field(model: type[BaseModel]) -> str | None:
    """Return the name of the field that holds (x, y) points, if `model` has one."""
    return next((n for n, field in model.model_fields.items() if field.annotation == Pairs), None)


def read_element(
    model: type[BaseModel], cells: Mapping[str, str], extra: Mapping[str, Any] | None = None
) -> Any:
    """Return the instance of `model` that a row describes.

    Parameters
    ----------
    cells
        The row by column name; columns with a default may be absent.
    extra
        Values of fields without columns.

    Raises
    ------
    CellErrors
        Cells that are no number, truth value or known word, that are empty without a default, that
        are filled though the row's member of a union has no such field; or, if there are none of
        these, values outside the limits that the model sets.
    """
    values: dict[str, Any] = dict(extra or {})
    errors: list[CellError] = []
    for column in columns_of(model):
        cell = cells.get(column.name, "")
        member = cells.get(column.discriminator, "") if column.discriminator else ""
        field = column.members.get(member)
        if field is None:
            if cell:
                errors.append(
                    CellError(
                        column.name,
                        f"{column.discriminator} {member!r} has no such field",
                        cell,
                        "an empty cell",
                        f"the field belongs to {', '.join(column.members)}",
                    )
                )
        elif cell == "" and not field.is_required():
            continue
        elif cell == "" and column.parse is not _text:
            errors.append(
                CellError(
                    column.name,
                    "the cell is empty",
                    cell,
                    _expected(column.parse),
                    "this column has no default",
                )
            )
        else:
            try:
                value = column.parse(cell)
            except ValueError as error:
                expected = _expected(column.parse)
                hint = _hint(column.parse, cell)
                errors.append(CellError(column.name, str(error), cell, expected, hint))
                continue
            target = values
            for step in column.path[:-1]:
                target = target.setdefault(step, {})
            target[column.path[-1]] = value
    if errors:
        raise CellErrors(errors)
    try:
        return model.model_validate(values)
    except ValidationError as error:
        raise CellErrors(
            [
                _limit_error(model, one["loc"], one["msg"], cells)
                for one in error.errors(include_url=False)
            ]
        ) from error


def element_cells(element: BaseModel) -> list[str]:
    """Return the element as cells, one per column; numbers are written exactly."""
    return [_cell(column, element) for column in columns_of(type(element))]


def _columns(model: type[BaseModel], path: tuple[str, ...]) -> Iterator[Column]:
    for name, field in model.model_fields.items():
        here = (*path, name)
        if field.annotation == Pairs or _single_literal(field.annotation):
            continue
        members = _models(field.annotation)
        if not members:
            yield Column(".".join(here), here, _parser(field.annotation), {"": field})
        elif field.discriminator is None:
            yield from _columns(members[0], here)
        else:
            yield from _union_columns(members, str(field.discriminator), here)


def _union_columns(
    members: list[type[BaseModel]], discriminator: str, path: tuple[str, ...]
) -> Iterator[Column]:
    by_tag = {
        tag: member
        for member in members
        for tag in get_args(member.model_fields[discriminator].annotation)
    }
    tag_path = (*path, discriminator)
    tag_name = ".".join(tag_path)
    # Required, although every member has a default: the tag decides which member it is.
    tag_field: FieldInfo = FieldInfo(annotation=str)
    yield Column(tag_name, tag_path, _one_of(tuple(by_tag)), {"": tag_field})
    fields: dict[str, dict[str, FieldInfo]] = {}
    for tag, member in by_tag.items():
        for name, field in member.model_fields.items():
            if name != discriminator:
                fields.setdefault(name, {})[tag] = field
    for name, tagged in fields.items():
        parse = _parser(next(iter(tagged.values())).annotation)
        yield Column(".".join((*path, name)), (*path, name), parse, tagged, tag_name)


def _cell(column: Column, element: BaseModel) -> str:
    value = _value(element, column.path)
    if value is None:
        return ""
    member = ""
    if column.discriminator:
        member = _value(element, tuple(column.discriminator.split(".")))
    field = column.members[member]
    # Compared as text, because 0.0 == -0.0.
    if not field.is_required() and repr(value) == repr(field.get_default()):
        return ""
    return _written(value)


def _value(element: Any, path: tuple[str, ...]) -> Any:
    """Return the value at `path`, None where this member of a union has no such field."""
    for step in path:
        element = getattr(element, step, None)
    return element


def _written(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, tuple):
        return " ".join(map(repr, value))
    return value if isinstance(value, str) else repr(value)


# --- from cells ------------------------------------------------------------------------------


def _text(cell: str) -> str:
    return cell


def _truth(cell: str) -> bool:
    if cell.lower() not in ("true", "false"):
        raise ValueError("neither true nor false")
    return cell.lower() == "true"


def _whole(cell: str) -> int:
    value = parse_number(cell)
    if not value.is_integer() or "." in cell or "e" in cell.lower():
        raise ValueError("not a whole number")
    return int(cell)


def _numbers(cell: str) -> tuple[float, ...]:
    return tuple(parse_number(part) for part in cell.split(" "))


class _one_of:
    """Parses one of a few words."""

    def __init__(self, words: tuple[str, ...]) -> None:
        self.words = words

    def __call__(self, cell: str) -> str:
        if cell not in self.words:
            raise ValueError("not one of the words this column knows")
        return cell


_PARSERS: dict[Any, Callable[[str], Any]] = {
    str: _text,
    bool: _truth,
    int: _whole,
    float: parse_number,
    tuple[float, ...]: _numbers,
}
_EXPECTED: dict[Callable[[str], Any], str] = {
    _truth: "true or false",
    _whole: "a whole number",
    _numbers: "numbers with one blank between them",
}


def _parser(annotation: Any) -> Callable[[str], Any]:
    bare = _bare(annotation)
    if get_origin(bare) is Literal:
        return _one_of(get_args(bare))
    if bare not in _PARSERS:
        raise TypeError(f"no column can hold a value of type {bare}")
    return _PARSERS[bare]


def _limit_error(
    model: type[BaseModel], location: tuple[str | int, ...], message: str, cells: Mapping[str, str]
) -> CellError:
    steps = [str(step) for step in location]
    known = {column.name for column in columns_of(model)}
    # The location of a union's field has the name of the member in it, which no column has.
    candidates = (".".join(steps), ".".join([*steps[:1], *steps[2:]]), *steps[:1])
    name = next((candidate for candidate in candidates if candidate in known), candidates[0])
    expected = message.removeprefix("Input should be ")
    hint = "check the unit, which the column's name says" if cells.get(name) else "fill in the cell"
    return CellError(name, "the value is not allowed", cells.get(name, ""), expected, hint)


def _hint(parse: Callable[[str], Any], cell: str) -> str:
    if isinstance(parse, _one_of):
        return did_you_mean(cell.lower(), parse.words) or "write the word exactly like that"
    if parse in (parse_number, _whole):
        return number_hint(cell)
    return "write the cell exactly like that"


def _expected(parse: Callable[[str], Any]) -> str:
    if isinstance(parse, _one_of):
        return f"one of {', '.join(parse.words)}"
    return _EXPECTED.get(parse, "a number")


# --- types -----------------------------------------------------------------------------------


def _bare(annotation: Any) -> Any:
    """Return the type without limits (Annotated) and without None."""
    while get_origin(annotation) is Annotated:
        annotation = get_args(annotation)[0]
    if get_origin(annotation) in (Union, types.UnionType):
        others = [arg for arg in get_args(annotation) if arg is not type(None)]
        if len(others) == 1:
            return _bare(others[0])
    return annotation


def _single_literal(annotation: Any) -> bool:
    return get_origin(annotation) is Literal and len(get_args(annotation)) == 1


def _models(annotation: Any) -> list[type[BaseModel]]:
    bare = _bare(annotation)
    choices = get_args(bare) if get_origin(bare) in (Union, types.UnionType) else (bare,)
    models = [choice for choice in choices if isinstance(choice, type)]
    return [model for model in models if issubclass(model, BaseModel)]
