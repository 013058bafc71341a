"""Turns what pydantic found wrong into errors a reader can act on.

Every error names the file that set the value, the dotted path as it stands in the document, the
value, what was expected and, where one can be guessed, what to do. pydantic's own locations carry
the tags of unions (``rain.chicago.peak_ratio``, ``works.literal['none','all']``); here they never
reach the reader.
"""

from __future__ import annotations

import types
import typing
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, Literal, Union, get_args, get_origin

from pydantic import BaseModel, ValidationError

from scenarios.units import unit_in_words
from sim.kernel.errors import InputError, did_you_mean

Path = tuple[str | int, ...]
"""Keys and indices from the root of a document to one value."""

_EXPECTED = {
    "bool_type": "true or false",
    "float_type": "a number",
    "finite_number": "a finite number",
    "int_type": "a whole number",
    "int_from_float": "a whole number",
    "string_type": "text in quotes",
    "string_too_short": "text that is not empty",
    "tuple_type": "a list",
    "list_type": "a list",
    "dict_type": "a table",
    "model_type": "a table",
    "mapping_type": "a table",
    "datetime_type": "a date and time with an offset, without quotes",
    "datetime_parsing": "a date and time with an offset, without quotes",
    "datetime_from_date_parsing": "a date and time with an offset, without quotes",
    "timezone_aware": "a date and time with an offset from UTC",
}
_BOUND = {
    "greater_than": ("gt", "greater than"),
    "greater_than_equal": ("ge", "at least"),
    "less_than": ("lt", "less than"),
    "less_than_equal": ("le", "at most"),
}


def dotted(path: Iterable[str | int]) -> str:
    """Write a path as ``a.b[0].c``."""
    text = ""
    for part in path:
        text += f"[{part}]" if isinstance(part, int) else f".{part}" if text else part
    return text


def problems(
    error: ValidationError,
    raw: Any,
    model: type[BaseModel],
    file_of: Callable[[Path], str | None],
) -> list[InputError]:
    """Return one `InputError` per thing that is wrong.

    Parameters
    ----------
    error
        What ``model.model_validate_json`` raised.
    raw
        The data that was validated, as plain dicts, lists and scalars.
    model
        The model it was validated against.
    file_of
        Which file set the value at a path (or, for a missing key, the table around it).
    """
    found = []
    for detail, path, expected in _one_branch_per_union(error.errors(include_url=False), raw):
        found.append(_problem(detail, path, expected, raw, model, file_of))
    return found


# --- locations -----------------------------------------------------------------------------


def _clean(location: Sequence[str | int], raw: Any, missing: bool) -> tuple[Path, Path | None]:
    """Drop the tags of unions from `location`.

    Returns the path in the document, and the path of the innermost untagged union it went
    through, if any. A segment is a key when the data has it there, except that the value of the
    table's own discriminator (``kind = "chicago"``) is taken for a tag first.
    """

    def walk(node: Any, rest: Sequence[str | int], path: Path) -> tuple[Path, Path | None] | None:
        if not rest:
            return path, None
        head, tail = rest[0], rest[1:]
        if missing and not tail:
            return (*path, head), None
        is_tag = isinstance(node, dict) and head in [v for v in node.values() if type(v) is str]
        if is_tag and tail and (found := walk(node, tail, path)) is not None:
            return found
        keys = (
            node if isinstance(node, dict) else range(len(node)) if isinstance(node, list) else ()
        )
        if head in keys and (found := walk(node[head], tail, (*path, head))) is not None:
            return found
        if isinstance(head, str) and (found := walk(node, tail, path)) is not None:
            return found[0], found[1] if found[1] is not None else path
        return None

    return walk(raw, list(location), ()) or (tuple(location), None)


def _one_branch_per_union(details: Sequence[Any], raw: Any) -> list[tuple[Any, Path, str | None]]:
    """Keep, of every untagged union, the branch that came closest; join equals with "or"."""
    plain: list[tuple[Any, Path, str | None]] = []
    unions: dict[Path, list[tuple[Any, Path]]] = {}
    for detail in details:
        path, union = _clean(detail["loc"], raw, detail["type"] == "missing")
        if union is None:
            plain.append((detail, path, None))
        else:
            unions.setdefault(union, []).append((detail, path))
    for members in unions.values():
        deepest = max(len(path) for _, path in members)
        closest = [(detail, path) for detail, path in members if len(path) == deepest]
        by_path: dict[Path, list[Any]] = {}
        for detail, path in closest:
            by_path.setdefault(path, []).append(detail)
        for path, same in by_path.items():
            words = list(dict.fromkeys(_expected(detail) for detail in same))
            plain.append((same[0], path, " or ".join(words)))
    return plain


# --- what was expected ---------------------------------------------------------------------


def _expected(detail: Any) -> str:
    kind, context = detail["type"], detail.get("ctx") or {}
    if kind in _EXPECTED:
        return _EXPECTED[kind]
    if kind in _BOUND:
        key, words = _BOUND[kind]
        return f"a number {words} {context[key]:g}"
    if kind == "literal_error":
        return str(context["expected"])
    if kind == "too_short":
        return f"at least {context['min_length']} item(s), found {context['actual_length']}"
    if kind == "too_long":
        return f"at most {context['max_length']} item(s), found {context['actual_length']}"
    return str(detail["msg"])


def _problem(
    detail: Any,
    path: Path,
    expected: str | None,
    raw: Any,
    model: type[BaseModel],
    file_of: Callable[[Path], str | None],
) -> InputError:
    kind, context = detail["type"], detail.get("ctx") or {}
    name = next((part for part in reversed(path) if isinstance(part, str)), "")
    unit = unit_in_words(name)
    if kind == "missing":
        holders = _annotations_at(model, raw, path[:-1])
        known = {k: v for holder in holders for k, v in _fields(holder).items()}
        words = _describe(known[path[-1]], unit) if path[-1] in known else "a value"
        if isinstance(path[-1], int):
            words = f"an item at position {path[-1]}"
        return _error("missing", path, file_of(path[:-1]), expected=words)
    if kind == "extra_forbidden":
        return _unknown_key(path, raw, model, file_of(path))
    if kind in ("union_tag_invalid", "union_tag_not_found"):
        key = str(context["discriminator"]).strip("'")
        tags = str(context.get("expected_tags", "")) or _tags(model, raw, path, key)
        if kind == "union_tag_not_found":
            return _error("missing", (*path, key), file_of(path), expected=f"one of {tags}")
        hint = did_you_mean(context["tag"], [tag.strip(" '") for tag in tags.split(",")])
        where = (*path, key)
        return _error(
            "not one of the choices", where, file_of(where),
            value=context["tag"], expected=f"one of {tags}", hint=hint,
        )  # fmt: skip
    expected = expected or _expected(detail)
    if unit and expected.startswith(("a number", "a finite", "a whole")):
        expected = f"{expected} ({unit})"
    shape = {"dict": "a table", "list": "a list"}.get(type(detail["input"]).__name__, "")
    return _error(
        f"{shape} is not valid here" if shape else "not valid", path, file_of(path),
        value=detail["input"], expected=expected, hint=_hint(detail, unit),
    )  # fmt: skip


def _unknown_key(path: Path, raw: Any, model: type[BaseModel], file: str | None) -> InputError:
    key = str(path[-1])
    known: set[str] = set()
    for annotation in _annotations_at(model, raw, path[:-1]):
        known |= set(_fields(annotation))
    hint = did_you_mean(key, sorted(known))
    if not hint:
        # The key may belong to another kind of the same table.
        for member in _annotations_at(model, raw, path[:-1], any_branch=True):
            if key in _fields(member):
                tags = [f"{k} = {v!r}" for k, v in _literals(member).items()]
                hint = f"that key belongs to {tags[0]}" if tags else ""
                break
    expected = "one of " + ", ".join(sorted(known)) if known else "no such key"
    return _error("unknown key", path, file, expected=expected, hint=hint)


def _hint(detail: Any, unit: str) -> str:
    value, kind = detail["input"], detail["type"]
    if kind == "tuple_type" and isinstance(value, dict):
        return "a list is replaced as a whole, as in key=[{a = 1, b = 2}]"
    if kind in ("float_type", "int_type") and isinstance(value, str):
        try:
            float(value)
        except ValueError:
            return f"write a bare number, in {unit}" if unit else "write a bare number"
        return "remove the quotes"
    if kind in ("float_type", "int_type") and isinstance(value, bool):
        return "true and false are not numbers"
    if kind in ("timezone_aware", "datetime_type"):
        return "for example 2021-07-20T12:00:00+08:00"
    if kind == "string_type" and isinstance(value, (int, float)):
        return "put it in quotes"
    if kind == "literal_error" and isinstance(value, str):
        return did_you_mean(
            value, str(detail["ctx"]["expected"]).replace(" or ", ", ").split("'")[1::2]
        )
    return ""


def _error(
    what: str,
    path: Path,
    file: str | None,
    *,
    expected: str,
    hint: str = "",
    value: Any = None,
) -> InputError:
    where = dotted(path) or "(document)"
    if value is None or isinstance(value, (dict, list)):
        return InputError(what, where=where, expected=expected, hint=hint, file=file)
    return InputError(what, where=where, value=value, expected=expected, hint=hint, file=file)


# --- walking a model's annotations -----------------------------------------------------------


def _members(annotation: Any) -> list[Any]:
    """Return the alternatives of `annotation`, unions flattened, None and metadata dropped."""
    origin = get_origin(annotation)
    if origin is typing.Annotated:
        return _members(get_args(annotation)[0])
    if origin in (Union, types.UnionType):
        return [m for a in get_args(annotation) if a is not type(None) for m in _members(a)]
    return [annotation]


def _fields(annotation: Any) -> Mapping[str, Any]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return {name: field.annotation for name, field in annotation.model_fields.items()}
    return {}


def _literals(model: Any) -> dict[str, str]:
    """Return the keys of `model` that allow one text only: its discriminators."""
    found = {}
    for name, annotation in _fields(model).items():
        if get_origin(annotation) is Literal:
            values = get_args(annotation)
            if len(values) == 1:
                found[name] = values[0]
    return found


def _annotations_at(
    model: type[BaseModel], raw: Any, path: Path, any_branch: bool = False
) -> list[Any]:
    """Return the types a value at `path` may have, by the data's own discriminators."""
    current, node = [model], raw
    for part in path:
        following: list[Any] = []
        for annotation in current:
            origin, args = get_origin(annotation), get_args(annotation)
            if isinstance(part, str) and part in _fields(annotation):
                following += _members(_fields(annotation)[part])
            elif isinstance(part, str) and origin in (dict, Mapping) and len(args) == 2:
                following += _members(args[1])
            elif isinstance(part, int) and origin in (tuple, list) and args:
                following += _members(args[min(part, len(args) - 1)] if Ellipsis not in args
                                      else args[0])  # fmt: skip
        try:
            node = node[part]
        except (KeyError, IndexError, TypeError):
            node = None
        if not any_branch and isinstance(node, dict):
            matching = [
                member for member in following
                if all(node.get(k) == v for k, v in _literals(member).items())
            ]  # fmt: skip
            following = matching or following
        current = following
    return current


def _tags(model: type[BaseModel], raw: Any, path: Path, key: str) -> str:
    members = _annotations_at(model, raw, path, any_branch=True)
    return ", ".join(repr(tags[key]) for m in members if key in (tags := _literals(m)))


def _describe(annotation: Any, unit: str) -> str:
    words = []
    for member in _members(annotation):
        if get_origin(member) is Literal:
            words += [repr(value) for value in get_args(member)]
        elif member is float or member is int:
            name = "a number" if member is float else "a whole number"
            words.append(f"{name} ({unit})" if unit else name)
        elif member is str:
            words.append("text in quotes")
        elif member is bool:
            words.append("true or false")
        elif _fields(member):
            words.append("a table")
        elif get_origin(member) in (tuple, list):
            words.append("a list")
        else:
            words.append(f"a {getattr(member, '__name__', 'value')}")
    return " or ".join(dict.fromkeys(words))
