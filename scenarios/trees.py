"""Walking documents: plain dicts, lists and scalars, addressed by dotted paths."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from scenarios.problems import Path, dotted

# A key that holds a path says so, or its value does.
_PATH_KEYS = ("file", "folder", "network", "tables")
_PATH_KEY_ENDINGS = ("_file", "_folder")
_DATA_SUFFIXES = (".csv", ".inp", ".dat", ".txt", ".json", ".geojson", ".parquet", ".toml")


def is_path(key: object, value: object) -> bool:
    """Say whether `value`, found under `key`, names a file or a folder."""
    if not isinstance(key, str) or not isinstance(value, str) or not value:
        return False
    by_key = key in _PATH_KEYS or key.endswith(_PATH_KEY_ENDINGS)
    return by_key or value.lower().endswith(_DATA_SUFFIXES)


def keys(path: str) -> Path:
    """Take ``a.b[0].c`` apart; the inverse of `scenarios.problems.dotted`."""
    parts = path.replace("[", ".[").split(".")
    return tuple(int(part[1:-1]) if part.startswith("[") else part for part in parts)


def leaves(value: Any, at: Path = ()) -> Iterator[tuple[str, Any]]:
    """Yield (dotted path, value); lists of tables are entered, other lists are one value."""
    if isinstance(value, dict):
        for key, inside in value.items():
            yield from leaves(inside, (*at, key))
    elif isinstance(value, list) and any(isinstance(item, dict) for item in value):
        for index, inside in enumerate(value):
            yield from leaves(inside, (*at, index))
    else:
        yield dotted(at), value


def paths(value: Any, at: Path = ()) -> Iterator[tuple[Path, str]]:
    """Yield (path, text) of every value that names a file or a folder."""
    if isinstance(value, dict):
        for key, inside in value.items():
            if is_path(key, inside):
                yield (*at, key), inside
            else:
                yield from paths(inside, (*at, key))
    elif isinstance(value, list):
        for index, inside in enumerate(value):
            yield from paths(inside, (*at, index))


def map_paths(value: Any, change: Callable[[str], str]) -> Any:
    """Return a copy of `value` with `change` applied to every name of a file or folder."""
    if isinstance(value, dict):
        return {
            key: change(inside) if is_path(key, inside) else map_paths(inside, change)
            for key, inside in value.items()
        }
    if isinstance(value, list):
        return [map_paths(item, change) for item in value]
    return value
