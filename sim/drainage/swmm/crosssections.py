"""[XSECTIONS]: the shape of a conduit, weir or orifice opening, in metres."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from sim.drainage.elements import CrossSection, SectionKind
from sim.drainage.swmm.lexer import Row
from sim.drainage.swmm.reading import Reading, bad, keyword, made, number, text
from sim.drainage.swmm.tables import Book, Scale
from sim.drainage.swmm.transects import Survey

# SWMM's keyword -> ours, and what its second to fourth numbers mean
_SHAPES: dict[str, tuple[SectionKind, tuple[str, ...]]] = {
    "CIRCULAR": ("circular", ()),
    "FILLED_CIRCULAR": ("filled_circular", ("fill_depth_m",)),
    "RECT_CLOSED": ("rect_closed", ("width_m",)),
    "RECT_OPEN": ("rect_open", ("width_m",)),
    "TRAPEZOIDAL": ("trapezoidal", ("width_m", "side_slope_left", "side_slope_right")),
    "TRIANGULAR": ("triangular", ("width_m",)),
    "PARABOLIC": ("parabolic", ("width_m",)),
    "POWER": ("power", ("width_m", "exponent")),
    "RECT_TRIANGULAR": ("rect_triangular", ("width_m", "bottom_depth_m")),
    "RECT_ROUND": ("rect_round", ("width_m", "bottom_radius_m")),
    "MODBASKETHANDLE": ("modified_basket", ("width_m", "bottom_radius_m")),
    "EGG": ("egg", ()),
    "HORSESHOE": ("horseshoe", ()),
    "GOTHIC": ("gothic", ()),
    "CATENARY": ("catenary", ()),
    "SEMIELLIPTICAL": ("semielliptical", ()),
    "BASKETHANDLE": ("baskethandle", ()),
    "SEMICIRCULAR": ("semicircular", ()),
    "HORIZ_ELLIPSE": ("horiz_ellipse", ("width_m",)),
    "VERT_ELLIPSE": ("vert_ellipse", ("width_m",)),
    "ARCH": ("arch", ("width_m",)),
    "IRREGULAR": ("irregular", ()),
    "CUSTOM": ("custom", ()),
    "STREET": ("irregular", ()),
}
_UNSUPPORTED = ("DUMMY", "FORCE_MAIN")
_WITHOUT_UNIT = {"side_slope_left", "side_slope_right", "exponent"}
_SIZED = {"horiz_ellipse", "vert_ellipse", "arch"}  # may name a standard size instead


@dataclass(frozen=True)
class Opening:
    """A cross section with what else its line says, and the survey behind it if any."""

    row: Row
    section: CrossSection
    barrels: int = 1
    survey: Survey | None = None
    is_street: bool = False


def read_crosssections(
    reading: Reading,
    curves: Book,
    transects: Mapping[str, Survey],
    streets: Mapping[str, Survey],
    used: set[str],
) -> dict[str, Opening]:
    """Return the opening of every link by its id; `used` collects the transects in use."""
    openings: dict[str, Opening] = {}

    def one(row: Row) -> None:
        link = reading.refer("link", row, 0)
        word = keyword(row, 1, "the shape", sorted([*_SHAPES, *_UNSUPPORTED], key=len)[::-1])
        if word in _UNSUPPORTED:
            raise reading.unsupported(row, f"the shape {word}")
        if word in ("IRREGULAR", "STREET"):
            family = "transect" if word == "IRREGULAR" else "street"
            name = reading.refer(family, row, 2)
            surveys = transects if word == "IRREGULAR" else streets
            if name not in surveys:
                return  # its own rows were in error and are reported
            survey = surveys[name]
            used.add(survey.transect.id)
            section = CrossSection(
                kind="irregular", depth_m=survey.height_m, curve=survey.transect.id
            )
            openings[link] = Opening(row, section, 1, survey, word == "STREET")
            return
        openings[link] = Opening(row, _shape(reading, row, word, curves), _barrels(reading, row))

    reading.each("XSECTIONS", one)
    return openings


def _shape(reading: Reading, row: Row, word: str, curves: Book) -> CrossSection:
    kind, names = _SHAPES[word]
    length = reading.units.length_m
    height_m = number(row, 2, "the height", above=0.0) * length
    if kind == "custom":
        curve = reading.refer("curve", row, 3)
        used = curves.use(reading, curve, Scale("shape"))
        return CrossSection(kind=kind, depth_m=height_m, curve=used)
    values = {}
    for k, name in enumerate(names):
        value = number(row, 3 + k, name.replace("_", " "), minimum=0.0)
        values[name] = value if name in _WITHOUT_UNIT else value * length
    text(row, 5, "the four sizes of the shape")
    if kind in _SIZED and (values["width_m"] == 0 or number(row, 4, "the size code") > 0):
        raise reading.unsupported(
            row, "a standard size code", "give the height and the width instead of the code"
        )
    if kind == "rect_open" and number(row, 4, "the sides left out", minimum=0.0, maximum=2.0):
        link_kind = reading.link_kinds.get(row[0].upper())
        if link_kind == "CONDUITS":  # SWMM ignores it for weirs
            raise reading.unsupported(row, "an open rectangle without side friction")
    if kind == "filled_circular" and values["fill_depth_m"] >= height_m:
        raise bad(row, "the sediment fills the pipe", row[3], "less than the height")
    if kind in ("rect_round", "modified_basket"):
        # an arc cannot be narrower than a half circle over the width; SWMM widens it too
        values["bottom_radius_m"] = max(values["bottom_radius_m"], values["width_m"] / 2)
    if "width_m" in values and values["width_m"] == 0 and kind != "trapezoidal":
        raise bad(row, "the width is 0", row[3], "more than 0")
    return made(CrossSection, kind=kind, depth_m=height_m, **values)


def _barrels(reading: Reading, row: Row) -> int:
    if reading.link_kinds.get(row[0].upper()) != "CONDUITS":
        return 1
    barrels = number(row, 6, "the number of barrels", default=1.0, minimum=1.0)
    if number(row, 7, "the culvert code", default=0.0):
        raise reading.unsupported(row, "a culvert code (inlet control)")
    return int(barrels)
