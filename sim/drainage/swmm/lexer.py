"""SWMM input text cut into rows: sections, comments, quoted tokens, line numbers.

The rules are those of the SWMM 5.2 user's manual (appendix D): a section starts with a bracketed
keyword of which only the first letters count, ``;`` starts a comment anywhere, tokens are
separated by blanks, a token in double quotes may hold blanks or be empty, case does not matter.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from sim.kernel.errors import InputError

# What a section heading must start with -> its canonical name. Longer prefixes first where one
# prefix contains another.
_SECTIONS = (
    ("TITLE", "TITLE"), ("OPTION", "OPTIONS"), ("FILE", "FILES"), ("RAINGAGE", "RAINGAGES"),
    ("TEMPERATURE", "TEMPERATURE"), ("EVAP", "EVAPORATION"), ("SUBCATCHMENT", "SUBCATCHMENTS"),
    ("SUBAREA", "SUBAREAS"), ("INFIL", "INFILTRATION"), ("AQUIFER", "AQUIFERS"),
    ("GROUNDWATER", "GROUNDWATER"), ("SNOWPACK", "SNOWPACKS"), ("JUNC", "JUNCTIONS"),
    ("OUTFALL", "OUTFALLS"), ("STORAGE", "STORAGE"), ("DIVIDER", "DIVIDERS"),
    ("CONDUIT", "CONDUITS"), ("PUMP", "PUMPS"), ("ORIFICE", "ORIFICES"), ("WEIR", "WEIRS"),
    ("OUTLET", "OUTLETS"), ("XSECT", "XSECTIONS"), ("TRANSECT", "TRANSECTS"), ("LOSS", "LOSSES"),
    ("CONTROL", "CONTROLS"), ("POLLUT", "POLLUTANTS"), ("LANDUSE", "LANDUSES"),
    ("BUILDUP", "BUILDUP"), ("WASHOFF", "WASHOFF"), ("COVERAGE", "COVERAGES"),
    ("INFLOW", "INFLOWS"), ("DWF", "DWF"), ("PATTERN", "PATTERNS"), ("RDII", "RDII"),
    ("HYDROGRAPH", "HYDROGRAPHS"), ("LOADING", "LOADINGS"), ("TREATMENT", "TREATMENT"),
    ("CURVE", "CURVES"), ("TIMESERIES", "TIMESERIES"), ("REPORT", "REPORT"),
    ("COORDINATE", "COORDINATES"), ("VERTICES", "VERTICES"), ("POLYGON", "POLYGONS"),
    ("LABEL", "LABELS"), ("SYMBOL", "SYMBOLS"), ("BACKDROP", "BACKDROP"), ("TAG", "TAGS"),
    ("PROFILE", "PROFILES"), ("MAP", "MAP"), ("LID_CONTROL", "LID_CONTROLS"),
    ("LID_USAGE", "LID_USAGE"), ("GWF", "GWF"), ("ADJUSTMENT", "ADJUSTMENTS"),
    ("EVENT", "EVENTS"), ("STREET", "STREETS"), ("INLET_USAGE", "INLET_USAGE"),
    ("INLET", "INLETS"),
)  # fmt: skip


@dataclass(frozen=True)
class Row:
    """One line with content: its tokens, where it stands, and its text for the title."""

    file: Path
    section: str
    number: int
    tokens: tuple[str, ...]
    text: str

    def __len__(self) -> int:
        return len(self.tokens)

    def __getitem__(self, index: int) -> str:
        return self.tokens[index]

    @property
    def where(self) -> str:
        """The place as errors name it."""
        return f"[{self.section}] line {self.number}"


def read_text(path: Path) -> str:
    """Return the text of a file in UTF-8 (with or without a byte-order mark) or Latin-1."""
    try:
        raw = path.read_bytes()
    except OSError as error:
        raise InputError(
            f"cannot read the file ({error.strerror})", where="file", file=path,
            expected="a readable SWMM input or data file",
        ) from error  # fmt: skip
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError:
        # SWMM reads bytes; older files carry Latin-1 names. Every byte is a Latin-1 character.
        return raw.decode("latin-1")


def tokens_of(text: str) -> tuple[str, ...]:
    """Split one line into tokens, its comment removed; ``""`` gives an empty token."""
    rest = text.split(";", 1)[0].strip(" \t\r\n")
    found: list[str] = []
    while rest:
        if rest[0] == '"':
            token, _, rest = rest[1:].partition('"')
            found.append(token)
        else:
            end = next((i for i, c in enumerate(rest) if c in " \t"), len(rest))
            found.append(rest[:end])
            rest = rest[end:]
        rest = rest.lstrip(" \t")
    return tuple(found)


def rows(text: str, file: Path) -> Iterator[Row]:
    """Yield every line with content; raise `InputError` at an unknown section heading."""
    section = "TITLE"  # SWMM takes whatever stands before the first heading as title
    for number, line in enumerate(text.replace("\r\n", "\n").replace("\r", "\n").split("\n"), 1):
        tokens = tokens_of(line)
        if not tokens:
            continue
        if tokens[0].startswith("["):
            section = _canonical(tokens[0], number, file)
            continue
        yield Row(file, section, number, tokens, line.strip())


def _canonical(heading: str, number: int, file: Path) -> str:
    word = heading[1:].upper()
    for prefix, name in _SECTIONS:
        if word.startswith(prefix):
            return name
    raise InputError(
        "unknown section", where=f"line {number}", value=heading, file=file,
        expected="a section of SWMM 5.2",
        hint="remove the section if another program added it, or check its spelling",
    )  # fmt: skip
