"""Times of day and windows as text."""

from __future__ import annotations

import math
import re

from optimize.routing.problem import ALWAYS, Windows

_CLOCK = re.compile(r"(\d{1,3}):([0-5]\d)(?::([0-5]\d(?:\.\d+)?))?")


def seconds_of(text: str) -> float:
    """Return seconds after midnight of ``06:30``, ``6:30:15`` or ``26:00``.

    Raises
    ------
    ValueError
        It is none of these.
    """
    match = _CLOCK.fullmatch(text.strip())
    if match is None:
        raise ValueError("not a time of day such as 06:30")
    return int(match[1]) * 3600.0 + int(match[2]) * 60.0 + float(match[3] or 0.0)


def windows_of(text: str) -> Windows:
    """Return the windows ``06:00-09:00 10:00-12:00`` writes; always if it is empty.

    Raises
    ------
    ValueError
        One of them is no pair of times.
    """
    if not text.strip():
        return ALWAYS
    found = []
    for word in text.split():
        begin, dash, end = word.partition("-")
        if not dash:
            raise ValueError("not windows such as 06:00-09:00 10:00-12:00")
        found.append((seconds_of(begin), seconds_of(end) if end else math.inf))
    return tuple(found)


def clock(moment_s: float) -> str:
    """Return a moment as ``HH:MM:SS``, rounded to the second; empty if it is not finite."""
    if not math.isfinite(moment_s):
        return ""
    sign, whole = ("-" if round(moment_s) < 0 else ""), abs(round(moment_s))
    return f"{sign}{whole // 3600:02d}:{whole // 60 % 60:02d}:{whole % 60:02d}"
