"""Dates and clock times as SWMM writes them."""

from __future__ import annotations

import datetime as dt
import math
import re

_DATE = re.compile(r"^(\d{1,2}|[A-Za-z]{3})[/-](\d{1,2})[/-](\d{1,4})$")
_CLOCK = re.compile(r"^(\d+)(?::(\d+))?(?::(\d+))?")
_MONTHS = ("JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC")


def parse_number(text: str) -> float | None:
    """Return a finite number, or None."""
    try:
        value = float(text)
    except ValueError:
        return None
    # Python also reads "1_000" and "nan", which SWMM does not
    return value if math.isfinite(value) and "_" not in text else None


def parse_date(text: str) -> dt.date | None:
    """Return the date of ``month/day/year`` (month as a number or three letters), or None."""
    match = _DATE.match(text)
    if not match:
        return None
    month_text, day, year = match.groups()
    month = (
        int(month_text)
        if month_text.isdigit()
        else _MONTHS.index(month_text.upper()) + 1
        if month_text.upper() in _MONTHS
        else 0
    )
    try:
        return dt.date(int(year), month, int(day))
    except ValueError:
        return None


def parse_seconds(text: str) -> float | None:
    """Return seconds from decimal hours or ``h:mm:ss``, or None."""
    hours = parse_number(text)
    if hours is not None:
        return hours * 3600.0
    return parse_clock(text)


def parse_clock(text: str) -> float | None:
    """Return seconds from ``h``, ``h:mm`` or ``h:mm:ss``, or None."""
    match = _CLOCK.match(text)
    if not match or ":" not in text:
        return None
    hours, minutes, seconds = (int(part or 0) for part in match.groups())
    return hours * 3600.0 + minutes * 60.0 + seconds


def clock_text(seconds: float) -> str:
    """Return ``h:mm:ss`` of a whole number of seconds."""
    whole = round(seconds)
    return f"{whole // 3600}:{whole // 60 % 60:02d}:{whole % 60:02d}"
