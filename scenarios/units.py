"""The unit a field name states, in words: ``depth_m`` is in metres. For messages only."""

from __future__ import annotations

_UNITS = {
    "_mm_h": "millimetres per hour",
    "_m3s": "cubic metres per second",
    "_m3h": "cubic metres per hour",
    "_km2": "square kilometres",
    "_m3": "cubic metres",
    "_m2": "square metres",
    "_ha": "hectares",
    "_km": "kilometres",
    "_mm": "millimetres",
    "_m": "metres",
    "_min": "minutes",
    "_h": "hours",
    "_s": "seconds",
    "_d": "days",
    "_years": "years",
    "_percent": "percent, 0 to 100",
    "_fraction": "a fraction, 0 to 1",
    "_kw": "kilowatts",
    "_mw": "megawatts",
    "_kwh": "kilowatt hours",
    "_cny": "yuan",
}  # fmt: skip


def unit_in_words(name: str) -> str:
    """Return the unit that the field `name` states, or ``""`` if it states none."""
    for suffix in sorted(_UNITS, key=len, reverse=True):
        if name.endswith(suffix):
            return _UNITS[suffix]
    return ""
