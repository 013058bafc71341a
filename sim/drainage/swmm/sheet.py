"""The text of an input file being written: sections, exact numbers, safe names."""

from __future__ import annotations

from collections.abc import Iterable

from sim.drainage.swmm.times import clock_text
from sim.kernel.errors import InputError

_LONGEST_TITLE = 200


class Sheet:
    """Collects lines; `text` gives the file."""

    def __init__(self) -> None:
        self._lines: list[str] = []

    def section(self, name: str, rows: Iterable[Iterable[object]]) -> None:
        """Add a section; nothing is written for a section without rows."""
        lines = ["  ".join(item(value) for value in row) for row in rows]
        if lines:
            self._lines += [f"[{name}]", *lines, ""]

    def raw(self, name: str, lines: Iterable[str]) -> None:
        self._lines += [f"[{name}]", *lines, ""]

    def text(self) -> str:
        return "\n".join(self._lines)


def item(value: object) -> str:
    """Return one token: numbers exactly as they read back, names quoted where needed."""
    if isinstance(value, bool):
        return "YES" if value else "NO"
    if isinstance(value, float):
        whole = int(value) if abs(value) < 1e15 else 0
        return str(whole) if whole == value else repr(value)
    if isinstance(value, int):
        return str(value)
    return quoted(str(value))


def quoted(name: str) -> str:
    """Return a name as a token of the file."""
    if any(c in name for c in '";\n\r\t') or name.startswith("["):
        raise InputError(
            "SWMM cannot hold this name", where="export", value=name,
            expected='a name without double quotes, ";", line breaks or a leading "["',
        )  # fmt: skip
    return f'"{name}"' if not name or " " in name else name


def title_lines(title: str) -> list[str]:
    """Return a title whose lines cannot be taken for comments or headings."""
    lines = [line.strip()[:_LONGEST_TITLE] for line in title.splitlines()]
    return [f". {line}" if line[0] in ";[" else line for line in lines if line]


def time_text(time_s: float) -> str:
    """Return a time since the start: a clock for whole seconds, else exact decimal hours."""
    if time_s >= 0 and time_s == int(time_s):
        return clock_text(time_s)
    return repr(time_s / 3600.0)
