"""The files a scenario is made of, parents first, and how they are laid over each other.

Tables merge; lists and scalars replace. A table whose ``kind`` differs from its parent's replaces
it entirely, because the keys of one kind mean nothing to another. Paths (see
`scenarios.trees.is_path`) are relative to the folder of the document that set them; those of
``--set`` to the current folder.
"""

from __future__ import annotations

import json
import os
import re
import tomllib
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from scenarios.problems import Path as KeyPath
from scenarios.trees import is_path
from sim.kernel.errors import InputError

MAX_PARENTS = 16
MAX_TABLE_DEPTH = 32
MAX_FILE_BYTES = 2_000_000
COMMAND_LINE = "--set"


@dataclass(frozen=True)
class Layer:
    """One document as written: where it came from, the folder its paths start at, its data."""

    name: str
    folder: Path
    data: dict[str, Any]


@dataclass(frozen=True)
class Merged:
    """Layers laid over each other, and which one set each value and each table."""

    data: dict[str, Any]
    origins: dict[KeyPath, str]

    def origin(self, path: KeyPath) -> str | None:
        """Return the name of the layer that set the value at `path` or the table around it."""
        for length in range(len(path), 0, -1):
            if path[:length] in self.origins:
                return self.origins[path[:length]]
        return None


# --- reading -------------------------------------------------------------------------------


def read(path: Path) -> Layer:
    """Read one TOML document.

    Raises
    ------
    InputError
        If it cannot be read, is not UTF-8, not TOML, too large or nested too deeply.
    """

    def refuse(what: str, expected: str = "", hint: str = "", where: str = "") -> InputError:
        return InputError(
            what, where=where or "(document)", expected=expected, hint=hint, file=path
        )

    try:
        size = path.stat().st_size
        if size > MAX_FILE_BYTES:
            raise refuse(f"{size} bytes is too large", f"at most {MAX_FILE_BYTES} bytes")
        raw = path.read_bytes()
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise refuse(f"cannot be read: {reason}", "a scenario document (TOML)") from error
    if raw.startswith(b"\xef\xbb\xbf"):
        raise refuse(
            "starts with a byte order mark", "plain UTF-8", 'save as "UTF-8", not "UTF-8 with BOM"'
        )
    try:
        data = tomllib.loads(raw.decode("utf-8"))
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        raise refuse("is not UTF-8 text", "UTF-8", "save it as UTF-8", f"line {line}") from error
    except tomllib.TOMLDecodeError as error:
        found = re.search(r"line (\d+)", str(error))
        place = f"line {found[1]}" if found else ""
        raise refuse(
            f"is not valid TOML: {error}", "TOML 1.0", _toml_hint(str(error)), place
        ) from error
    except (RecursionError, ValueError) as error:
        raise refuse("cannot be parsed", "ordinary numbers and few levels of nesting") from error
    if _depth(data) > MAX_TABLE_DEPTH:
        raise refuse("is nested too deeply", f"at most {MAX_TABLE_DEPTH} levels")
    return Layer(str(path), path.parent.resolve(), data)


def _toml_hint(message: str) -> str:
    if "overwrite" in message or "twice" in message:
        return "every key and table may appear once"
    if "Invalid value" in message:
        return "text needs quotes; decimals need a digit on both sides of the point"
    return ""


def _depth(value: Any) -> int:
    deepest, stack = 0, [(value, 1)]
    while stack:
        node, level = stack.pop()
        deepest = max(deepest, level)
        children: Iterable[Any] = (
            node.values() if isinstance(node, dict) else node if isinstance(node, list) else ()
        )
        stack += [(child, level + 1) for child in children]
    return deepest


def chain(path: Path, find: Callable[[str, Path], Path]) -> list[Layer]:
    """Read the document at `path` and all it extends; the oldest ancestor comes first.

    `find` turns the text under ``extends`` and the folder of the document into a file; it raises
    `InputError` (or returns a missing file) if there is none.
    """
    layers: list[Layer] = []
    seen: list[Path] = []
    current = path
    while True:
        layer = read(current)
        seen.append(current.resolve())
        data = dict(layer.data)
        parent = data.pop("extends", None)
        layers.append(Layer(layer.name, layer.folder, data))
        if parent is None:
            return layers[::-1]
        if not isinstance(parent, str) or not parent.strip():
            raise InputError(
                "not valid", where="extends", value=parent, file=layer.name,
                expected="the name of a library scenario or a path to a .toml file",
            )  # fmt: skip
        try:
            current = find(parent, layer.folder)
        except InputError as error:
            raise InputError(
                "no such parent scenario", where="extends", value=parent, file=layer.name,
                expected=error.expected, hint=error.hint,
            ) from error  # fmt: skip
        if current.resolve() in seen:
            names = [p.name for p in seen[seen.index(current.resolve()) :]]
            raise InputError(
                "goes in a circle: " + " -> ".join([*names, current.name]),
                where="extends", value=parent, file=layer.name,
                expected="a parent that does not extend this document",
            )  # fmt: skip
        if len(layers) > MAX_PARENTS:
            raise InputError(
                f"more than {MAX_PARENTS} documents extend each other",
                where="extends", value=parent, file=layer.name, expected=f"at most {MAX_PARENTS}",
            )  # fmt: skip


# --- overrides -----------------------------------------------------------------------------

_BARE = re.compile(r"[A-Za-z_][\w./:+-]*")


def overrides_layer(settings: Sequence[str]) -> Layer:
    """Turn ``path=value`` texts into a layer. Values are TOML; bare words are taken as text."""
    data: dict[str, Any] = {}
    for text in settings:
        try:
            one = _override(text)
        except (tomllib.TOMLDecodeError, RecursionError, ValueError) as error:
            raise InputError(
                "cannot be understood", where=COMMAND_LINE, value=text,
                expected="path=value, such as drainage.rain.return_period_years=50",
                hint="put text that is not a plain word in quotes inside quotes: 'a.b=\"x y\"'",
            ) from error  # fmt: skip
        if "extends" in one:
            raise InputError(
                "cannot be set here", where="extends", value=text, file=COMMAND_LINE,
                expected="a parameter", hint="write a document that extends the other one",
            )  # fmt: skip
        data = merge([Layer(COMMAND_LINE, Path.cwd(), d) for d in (data, one)]).data
    return Layer(COMMAND_LINE, Path.cwd(), data)


def _override(text: str) -> dict[str, Any]:
    if "\n" in text or "\r" in text or "=" not in text:
        raise ValueError("not one line with a path and a value")
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError:
        key, equals, value = text.partition("=")
        if not equals or not _BARE.fullmatch(value.strip()):
            raise
        return tomllib.loads(f"{key}={json.dumps(value.strip())}")


# --- laying over ---------------------------------------------------------------------------


def merge(layers: Sequence[Layer], folder: Path | None = None) -> Merged:
    """Lay `layers` over each other, first at the bottom.

    With `folder`, paths are rewritten to be relative to it, whichever layer set them.
    """
    data: dict[str, Any] = {}
    origins: dict[KeyPath, str] = {}
    for layer in layers:
        tree = layer.data if folder is None else rebase(layer.data, layer.folder, folder)
        data = _over(data, tree, (), layer.name, origins)
    return Merged(data, origins)


def _over(
    below: dict[str, Any],
    above: dict[str, Any],
    at: KeyPath,
    name: str,
    origins: dict[KeyPath, str],
) -> dict[str, Any]:
    result = dict(below)
    for key, value in above.items():
        path = (*at, key)
        old = result.get(key)
        if isinstance(value, dict) and isinstance(old, dict) and not _other_kind(old, value):
            result[key] = _over(old, value, path, name, origins)
            continue
        for known in [p for p in origins if p[: len(path)] == path]:
            del origins[known]
        origins[path] = name
        result[key] = _over({}, value, path, name, origins) if isinstance(value, dict) else value
    return result


def _other_kind(below: dict[str, Any], above: dict[str, Any]) -> bool:
    return "kind" in below and "kind" in above and below["kind"] != above["kind"]


def rebase(value: Any, start: Path, folder: Path) -> Any:
    """Return `value` with every relative path under a path key, relative to `folder` instead."""
    if start == folder:
        return value
    if isinstance(value, list):
        return [rebase(item, start, folder) for item in value]
    if not isinstance(value, dict):
        return value
    result = {}
    for key, item in value.items():
        if is_path(key, item) and not Path(item).is_absolute():
            result[key] = _relative(start / item, folder)
        else:
            result[key] = rebase(item, start, folder)
    return result


def _relative(target: Path, folder: Path) -> str:
    try:
        return Path(os.path.relpath(target, folder)).as_posix()
    except ValueError:  # another drive on Windows
        return target.as_posix()
