"""Sections that change nothing here (noted) and sections we must refuse.

Nothing of a file is dropped silently: a section is read, noted as without effect, or refused.
"""

from __future__ import annotations

from collections.abc import Collection

from sim.drainage.swmm.lexer import Row
from sim.drainage.swmm.options import SwmmOptions
from sim.drainage.swmm.reading import Reading, keyword, match, number, optional, text

_QUALITY = "water quality is not imported"
_DRAWING = "only for drawing"
NOTED = {
    "POLLUTANTS": _QUALITY, "LANDUSES": _QUALITY, "BUILDUP": _QUALITY, "WASHOFF": _QUALITY,
    "COVERAGES": _QUALITY, "LOADINGS": _QUALITY, "TREATMENT": _QUALITY,
    "VERTICES": _DRAWING, "POLYGONS": _DRAWING, "LABELS": _DRAWING, "SYMBOLS": _DRAWING,
    "BACKDROP": _DRAWING, "PROFILES": _DRAWING, "MAP": _DRAWING,
    "REPORT": "what SWMM writes to its report",
    "INLETS": "inlet designs have no effect unless used",
    "LID_CONTROLS": "low-impact designs have no effect unless used",
    "AQUIFERS": "aquifers have no effect unless subcatchments use them",
    "HYDROGRAPHS": "unit hydrographs have no effect unless nodes use them",
}  # fmt: skip
_REFUSED = {
    "LID_USAGE": "low-impact development in a subcatchment",
    "INLET_USAGE": "a street inlet",
    "EVENTS": "routing only within chosen events",
}
LEVEL_TAG = "level:"


def read_levels(reading: Reading) -> None:
    """Keep the conduit levels our own writer puts into [TAGS]; note the other tags."""
    others: list[Row] = []
    for row in reading.rows("TAGS"):
        tag = optional(row, 2) or ""
        if len(row) == 3 and row[0].upper() == "LINK" and tag.startswith(LEVEL_TAG):
            reading.levels[row[1].upper()] = tag.removeprefix(LEVEL_TAG)
        else:
            others.append(row)
    if others:
        reading.note(others[0], f"{len(others)} lines: tags have no effect")


def check_rest(reading: Reading, options: SwmmOptions, accepted: Collection[str] = ()) -> None:
    """Note or refuse every section that is not imported."""
    for section, reason in NOTED.items():
        found = reading.rows(section)
        if found:
            reading.note(found[0], f"{len(found)} lines: {reason}")
    for section, what in _REFUSED.items():
        for row in reading.rows(section):
            reading.problems.append(reading.unsupported(row, what))
    _groundwater(reading, options)
    _rdii(reading, options)
    _evaporation(reading, "evaporation" in accepted)
    _snow(reading, options)
    _adjustments(reading, "evaporation" in accepted)
    reading.each("FILES", lambda row: _interface_file(reading, row))


def _groundwater(reading: Reading, options: SwmmOptions) -> None:
    for section in ("GROUNDWATER", "GWF"):
        found = reading.rows(section)
        if found and (options.ignore_groundwater or not reading.rows("AQUIFERS")):
            reading.note(found[0], f"{len(found)} lines: groundwater is switched off")
        else:
            reading.problems += [reading.unsupported(row, "groundwater") for row in found]


def _rdii(reading: Reading, options: SwmmOptions) -> None:
    found = reading.rows("RDII")
    if found and options.ignore_rdii:
        reading.note(found[0], f"{len(found)} lines: IGNORE_RDII is YES")
        return
    what = "rainfall-dependent infiltration"
    reading.problems += [reading.unsupported(row, what) for row in found]


def _evaporation(reading: Reading, accepted: bool) -> None:
    hint = "set it to CONSTANT 0, or import with evaporation ignored if that is acceptable"

    def one(row: Row) -> None:
        kind = keyword(
            row, 0, "the source of evaporation",
            ("CONSTANT", "MONTHLY", "TIMESERIES", "TEMPERATURE", "FILE", "RECOVERY", "DRY_ONLY"),
        )  # fmt: skip
        if kind == "DRY_ONLY":
            reading.note(row, "DRY_ONLY has no effect without evaporation")
            return
        if kind in ("CONSTANT", "MONTHLY"):
            rates = [number(row, k, "an evaporation rate") for k in range(1, len(row))]
            if not any(rates):
                reading.note(row, "evaporation is 0")
                return
        if kind == "RECOVERY":
            raise reading.unsupported(row, "a recovery pattern of infiltration")
        if accepted:
            reading.note(row, "EVAPORATION IGNORED on request: the file's losses are left out")
            return
        raise reading.unsupported(row, "evaporation", hint)

    reading.each("EVAPORATION", one)


def _snow(reading: Reading, options: SwmmOptions) -> None:
    packs = reading.rows("SNOWPACKS")
    climate = reading.rows("TEMPERATURE")
    used = {row[8].upper() for row in reading.rows("SUBCATCHMENTS") if optional(row, 8)}
    measured = [row for row in climate if match(row[0], ("TIMESERIES", "FILE"))]
    if climate and (not used or options.ignore_snowmelt or not measured):
        reading.note(climate[0], f"{len(climate)} lines: temperature only matters for snow")
    if not packs:
        return
    if options.ignore_snowmelt or not used:
        reading.note(packs[0], f"{len(packs)} lines: no snow pack is in use")
        return

    def one(row: Row) -> None:
        if text(row, 0, "the snow pack's id").upper() not in used:
            return
        surface = keyword(row, 1, "the surface", ("PLOWABLE", "IMPERV", "PERV", "REMOVAL"))
        if surface == "REMOVAL":
            return
        initial = [number(row, k, "the initial snow", default=0.0) for k in (6, 7)]
        if measured or any(initial):
            raise reading.unsupported(row, "a snow pack in use")

    count = len(reading.problems)
    reading.each("SNOWPACKS", one)
    if len(reading.problems) == count:
        reading.note(
            packs[0], f"{len(packs)} lines: no temperature data and no initial snow, so no effect"
        )


def _adjustments(reading: Reading, evaporation_accepted: bool) -> None:
    def one(row: Row) -> None:
        kind = match(row[0], ("TEMPERATURE", "EVAPORATION", "RAINFALL", "CONDUCTIVITY"))
        if kind is None:
            raise reading.unsupported(row, "a monthly adjustment of subcatchments")
        values = [number(row, k, "a monthly adjustment") for k in range(1, len(row))]
        neutral = 1.0 if kind in ("RAINFALL", "CONDUCTIVITY") else 0.0
        if kind == "TEMPERATURE" or all(value == neutral for value in values):
            reading.note(row, "the adjustment has no effect")
        elif kind == "EVAPORATION" and evaporation_accepted:
            reading.note(row, "EVAPORATION IGNORED on request: its adjustment is left out")
        else:
            raise reading.unsupported(row, f"a monthly adjustment of {kind.lower()}")

    reading.each("ADJUSTMENTS", one)


def _interface_file(reading: Reading, row: Row) -> None:
    mode = keyword(row, 0, "the file mode", ("NO", "SCRATCH", "USE", "SAVE"))
    if mode == "USE":
        raise reading.unsupported(row, "an interface or hot-start file")
    reading.note(row, "interface files are not written")
