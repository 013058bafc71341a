"""[CURVES], [TIMESERIES], [PATTERNS] and rain files, kept raw until their use gives them a unit.

SWMM gives a curve the units of whatever refers to it and a series those of its user, so the same
series may be a rain here and a flow there. `Book` hands out one converted copy per kind of use:
the first keeps the id, later ones get ``id#2`` and so on.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field
from pathlib import Path

from sim.drainage.swmm.lexer import Row, read_text, tokens_of
from sim.drainage.swmm.options import SwmmOptions
from sim.drainage.swmm.reading import Reading, bad, keyword, match, number, text
from sim.drainage.swmm.times import parse_date, parse_number, parse_seconds
from sim.kernel.errors import InputError

Points = list[tuple[float, float]]
CURVE_TYPES = (
    "STORAGE", "DIVERSION", "TIDAL", "RATING", "CONTROL", "SHAPE", "WEIR",
    "PUMP1", "PUMP2", "PUMP3", "PUMP4", "PUMP5",
)  # fmt: skip
PATTERN_LENGTH = {"MONTHLY": 12, "DAILY": 7, "HOURLY": 24, "WEEKEND": 24}


@dataclass
class Table:
    """Raw points in the file's units; `kind` is the curve or pattern type, "" for a series."""

    id: str
    kind: str
    row: Row
    points: Points = field(default_factory=list)
    values: list[float] = field(default_factory=list)

    def add(self, row: Row, x: float, y: float) -> None:
        if self.points and x <= self.points[-1][0]:
            raise bad(
                row, f"the abscissas of '{self.id}' do not increase", f"{x:g} {y:g}",
                f"more than {self.points[-1][0]:g}",
            )  # fmt: skip
        self.points.append((x, y))


@dataclass(frozen=True)
class Scale:
    """How one use of a table turns raw points into SI; equal scales share a copy."""

    kind: str
    x: float = 1.0
    y: float = 1.0

    def apply(self, points: Points) -> tuple[tuple[float, float], ...]:
        return tuple((x * self.x, y * self.y) for x, y in points)


class Book:
    """The tables of one family and the scales they were asked for."""

    def __init__(self, family: str) -> None:
        self.family = family
        self.tables: dict[str, Table] = {}
        self.uses: dict[tuple[str, Scale], str] = {}

    def use(self, reading: Reading, table_id: str, scale: Scale) -> str:
        """Return the id under which the table is known in this scale."""
        key = (table_id, scale)
        if key not in self.uses:
            first = all(used != table_id for used, _ in self.uses)
            self.uses[key] = table_id if first else reading.free_name(self.family, table_id)
        return self.uses[key]

    def converted(self) -> list[tuple[str, Scale, tuple[tuple[float, float], ...]]]:
        """Return (id, scale, SI points) of every use, in the order the file defines the tables."""
        order = {table_id: k for k, table_id in enumerate(self.tables)}
        uses = sorted(
            enumerate(self.uses.items()),
            key=lambda item: (order[item[1][0][0]] if item[1][0][0] == item[1][1] else len(order),
                              item[0]),
        )  # fmt: skip
        return [
            (name, scale, scale.apply(self.tables[table_id].points))
            for _, ((table_id, scale), name) in uses
        ]

    def unused(self) -> list[Table]:
        used = {table_id for table_id, _ in self.uses}
        return [table for table in self.tables.values() if table.id not in used]


def read_curves(reading: Reading, book: Book) -> None:
    """Fill `book` with the raw curves."""

    def one(row: Row) -> None:
        name = text(row, 0, "the curve's id")
        first = not reading.known("curve", name)
        if first:
            kind = keyword(row, 1, "the curve type", CURVE_TYPES)
            book.tables[name] = Table(reading.define("curve", row, name), kind, row)
        table = book.tables[reading.refer("curve", row, 0)]
        start = 2 if first else 1
        numbers = [number(row, k, "a point of the curve") for k in range(start, len(row))]
        if len(numbers) % 2:
            raise bad(row, "a point of the curve lacks its second number", row[-1], "pairs x y")
        for x, y in zip(numbers[::2], numbers[1::2], strict=True):
            table.add(row, x, y)

    reading.each("CURVES", one)
    for table in book.tables.values():
        if not table.points:
            reading.problems.append(bad(table.row, "the curve has no points", table.id, "pairs"))


def read_series(reading: Reading, book: Book, options: SwmmOptions) -> None:
    """Fill `book` with the raw series; abscissas are seconds since the start of the run."""
    last_date: dict[str, float] = {}

    def one(row: Row) -> None:
        name = text(row, 0, "the series' id")
        text(row, 2, "a time and a value")
        if not reading.known("series", name):
            book.tables[name] = Table(reading.define("series", row, name), "", row)
        table = book.tables[reading.refer("series", row, 0)]
        if row[1].upper() == "FILE":
            _read_series_file(reading, row, table, options)
            return
        origin_s = last_date.get(table.id, 0.0)
        k = 1
        while k < len(row):
            date = parse_date(row[k])
            if date is not None:
                origin_s = _since_start(date, options)
                k += 1
            time_s = parse_seconds(text(row, k, "a time"))
            if time_s is None:
                raise bad(row, "neither a date nor a time", row[k], "month/day/year or h:mm")
            table.add(row, origin_s + time_s, number(row, k + 1, "the value"))
            k += 2
        last_date[table.id] = origin_s

    reading.each("TIMESERIES", one)
    for table in book.tables.values():
        if not table.points:
            reading.problems.append(bad(table.row, "the series has no points", table.id, "points"))


def _since_start(date: dt.date, options: SwmmOptions) -> float:
    return (dt.datetime.combine(date, dt.time()) - options.start).total_seconds()


def side_file(reading: Reading, row: Row, name: str) -> tuple[Path, str]:
    """Return the path and text of a file named in the input, relative to it; keeps it listed."""
    # SWMM files come from Windows as often as not
    path = reading.file.parent / name.replace("\\", "/")
    try:
        content = read_text(path)
    except InputError as error:
        raise InputError(
            f"the file it names cannot be read: {error.what}", where=row.where, value=name,
            expected=f"a text file at {path}", file=row.file,
        ) from error  # fmt: skip
    if path not in reading.files:
        reading.files.append(path)
    return path, content


def _read_series_file(reading: Reading, row: Row, table: Table, options: SwmmOptions) -> None:
    path, content = side_file(reading, row, row[2])
    origin_s = 0.0
    for count, line in enumerate(content.splitlines(), 1):
        tokens = tokens_of(line)
        if not tokens:
            continue
        place = Row(path, "FILE", count, tokens, line)
        if len(tokens) == 3:
            date = parse_date(tokens[0])
            if date is None:
                raise bad(place, "not a date", tokens[0], "month/day/year")
            origin_s = _since_start(date, options)
        elif len(tokens) != 2:
            raise bad(place, "not a line of a time series", line, "[date] time value")
        time_s = parse_seconds(tokens[-2])
        value = parse_number(tokens[-1])
        if time_s is None or value is None:
            raise bad(place, "not a time and a value", line, "[date] time value")
        table.add(place, origin_s + time_s, value)


def read_rain_file(
    reading: Reading, row: Row, name: str, station: str, first_day: dt.date | None,
    options: SwmmOptions,
) -> Points:  # fmt: skip
    """Return the points of SWMM's own rain format: station, year month day hour minute value."""
    path, content = side_file(reading, row, name)
    points: Points = []
    headers = 0
    for count, line in enumerate(content.splitlines(), 1):
        tokens = line.split()
        if not tokens or tokens[0].startswith(";"):
            headers += 0 if points else 1
            continue
        numbers = [parse_number(token) for token in tokens[1:7]]
        place = Row(path, "FILE", count, tuple(tokens), line)
        if len(numbers) < 6 or None in numbers:
            headers += 1
            if points or headers > 5:
                raise bad(
                    place, "not a line of SWMM's rain format (other formats are not supported)",
                    line.strip(), "station year month day hour minute value",
                )  # fmt: skip
            continue
        if tokens[0].upper() != station.upper():
            continue
        year, month, day, hour, minute = (int(part or 0) for part in numbers[:5])
        try:
            date = dt.date(year, month, day)
        except ValueError as error:
            raise bad(place, "not a date", " ".join(tokens[1:4]), "year month day") from error
        if first_day and date < first_day:
            continue
        time_s = _since_start(date, options) + 3600.0 * hour + 60.0 * minute
        if points and time_s <= points[-1][0]:
            raise bad(place, "the times do not increase", line.strip(), "a later time")
        points.append((time_s, float(numbers[5] or 0.0)))
    if not points:
        raise bad(row, "the rain file has no line of this station", station, f"a station of {path}")
    return points


def read_patterns(reading: Reading) -> dict[str, Table]:
    """Return the patterns by id; short ones are filled up with 1, as in SWMM."""
    patterns: dict[str, Table] = {}

    def one(row: Row) -> None:
        name = text(row, 0, "the pattern's id")
        start = 1
        if not reading.known("pattern", name):
            kind = keyword(row, 1, "the pattern type", PATTERN_LENGTH)
            patterns[name] = Table(reading.define("pattern", row, name), kind, row)
            start = 2
        elif len(row) > 1 and parse_number(row[1]) is None and match(row[1], PATTERN_LENGTH):
            start = 2  # some programs repeat the type on continuation lines
        table = patterns[reading.refer("pattern", row, 0)]
        table.values += [number(row, k, "a factor") for k in range(start, len(row))]
        if len(table.values) > PATTERN_LENGTH[table.kind]:
            raise bad(
                row, f"the pattern '{table.id}' is too long", len(table.values),
                f"{PATTERN_LENGTH[table.kind]} factors",
            )  # fmt: skip

    reading.each("PATTERNS", one)
    for table in patterns.values():
        table.values += [1.0] * (PATTERN_LENGTH[table.kind] - len(table.values))
    return patterns
