"""Import of a SWMM 5 input file: every line is read, noted, or refused with its place."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path

from sim.drainage.elements import Curve, Series
from sim.drainage.network import Network
from sim.drainage.swmm.controls import ControlReader
from sim.drainage.swmm.crosssections import read_crosssections
from sim.drainage.swmm.finish import raise_rims, stretched_curve, unrolled_tide
from sim.drainage.swmm.ignored import check_rest, read_levels
from sim.drainage.swmm.inflows import read_inflows
from sim.drainage.swmm.lexer import Row, read_text, rows
from sim.drainage.swmm.links import LinkReader, define_links
from sim.drainage.swmm.nodes import Nodes, define_nodes, read_nodes
from sim.drainage.swmm.options import SwmmOptions, read_options
from sim.drainage.swmm.reading import Note, Reading
from sim.drainage.swmm.surface import Surface, read_gauges, read_subcatchments
from sim.drainage.swmm.tables import Book, read_curves, read_patterns, read_series
from sim.drainage.swmm.transects import Survey, read_streets, read_transects
from sim.kernel.errors import InputErrors


@dataclass(frozen=True)
class Imported:
    """An imported file: the network in SI, how SWMM would run it, and what was left out.

    ``notes`` lists everything recognised but without effect and every adjustment made;
    ``files`` every file read, the input itself first. Series of the network count seconds from
    ``options.start``.
    """

    network: Network
    options: SwmmOptions
    notes: tuple[Note, ...]
    files: tuple[Path, ...]


def read_inp(path: str | Path, *, accept_ignored: Collection[str] = ()) -> Imported:
    """Read a SWMM 5 input file.

    Parameters
    ----------
    path
        The ``.inp`` file; files it names are looked up relative to it.
    accept_ignored
        Effects the caller agrees to lose, which are otherwise refused: ``"evaporation"``.

    Raises
    ------
    sim.kernel.errors.InputErrors
        With one member per problem, each naming file, section, line and what is wrong;
        members of type `sim.drainage.swmm.reading.UnsupportedSection` for what SWMM accepts but
        this model cannot represent.

    Notes
    -----
    Where SWMM itself changes the data on reading (a rim under the crown of a pipe, a weir crest
    under the downstream invert, a curve that ends too low), the network holds the changed value
    and `Imported.notes` says so. A flow series is 0 outside its points, a stage series keeps its
    first and last value.
    """
    file = Path(path)
    reading = Reading(file, _by_section(file), files=[file])
    options = read_options(reading)
    network = _network(reading, options, accept_ignored)
    if network is None or reading.problems:
        raise InputErrors(sorted(reading.problems, key=_place))
    return Imported(network, options, tuple(reading.notes), tuple(reading.files))


def _by_section(file: Path) -> dict[str, list[Row]]:
    sections: dict[str, list[Row]] = {}
    for row in rows(read_text(file), file):
        sections.setdefault(row.section, []).append(row)
    return sections


def _place(problem: object) -> int:
    where = str(getattr(problem, "where", ""))
    digits = where.rpartition("line ")[2]
    return int(digits) if digits.isdigit() else 0


def _network(
    reading: Reading, options: SwmmOptions, accept_ignored: Collection[str]
) -> Network | None:
    """Read all sections; None if something was wrong (the problems are kept in `reading`)."""
    read_levels(reading)
    define_nodes(reading)
    define_links(reading)
    curves, series = Book("curve"), Book("series")
    read_curves(reading, curves)
    read_series(reading, series, options)
    patterns = read_patterns(reading)
    transects, streets = read_transects(reading), read_streets(reading)

    nodes = read_nodes(reading, options, curves, series)
    used_transects: set[str] = set()
    openings = read_crosssections(reading, curves, transects, streets, used_transects)
    links = LinkReader(reading, options, nodes, openings, curves).read()
    surface = Surface()
    if not options.ignore_rainfall:
        read_gauges(reading, options, series, surface)
    read_subcatchments(reading, options, surface)
    inflows = read_inflows(reading, series, patterns)
    rules = ControlReader(reading, options, curves, series).read()
    check_rest(reading, options, accept_ignored)
    if reading.problems:
        return None

    raise_rims(reading, nodes, links)
    _note_unused(reading, curves, series, [*transects.values(), *streets.values()], used_transects)
    return Network(
        junctions=tuple(nodes.junctions.values()),
        storages=tuple(nodes.storages.values()),
        outfalls=tuple(nodes.outfalls.values()),
        conduits=tuple(links.conduits.values()),
        pumps=tuple(links.pumps.values()),
        orifices=tuple(links.orifices.values()),
        weirs=tuple(links.weirs.values()),
        outlets=tuple(links.outlets.values()),
        subcatchments=tuple(surface.subcatchments.values()),
        gauges=tuple(surface.gauges.values()),
        curves=_curves(reading, curves, nodes),
        series=_series(reading, options, curves, series, surface),
        transects=tuple(
            survey.transect
            for survey in (*transects.values(), *streets.values())
            if survey.transect.id in used_transects
        ),
        inflows=inflows,
        rules=rules,
    )


def _curves(reading: Reading, book: Book, nodes: Nodes) -> tuple[Curve, ...]:
    deepest_m: dict[str, float] = {}
    for storage in nodes.storages.values():
        if storage.curve:
            depth_m = storage.max_depth_m + storage.surcharge_depth_m
            deepest_m[storage.curve] = max(deepest_m.get(storage.curve, 0.0), depth_m)
    found: list[Curve] = []
    for name, scale, given in book.converted():
        if scale.kind == "tidal":
            continue  # it lives on as a stage series
        points = given
        if scale.kind == "storage":
            points = stretched_curve(given, deepest_m.get(name, 0.0))
            if points != given:
                table = book.tables.get(name)
                if table:
                    reading.note(table.row, "the curve is extended to the depths it is used for")
        found.append(Curve.model_validate({"id": name, "kind": scale.kind, "points": points}))
    found += [
        Curve(id=name, kind="storage", points=points) for name, points in nodes.area_curves.items()
    ]
    return tuple(found)


def _series(
    reading: Reading, options: SwmmOptions, curves: Book, book: Book, surface: Surface
) -> tuple[Series, ...]:
    found = [Series(id=name, points=points) for name, _, points in book.converted()]
    tides = {name: points for name, _, points in curves.converted()}
    found += [
        Series(id=name, points=unrolled_tide(tides[curve], options))
        for name, curve in reading.tides.items()
    ]
    found += [Series(id=name, points=tuple(points)) for name, points in surface.rain_files.items()]
    return tuple(found)


def _note_unused(
    reading: Reading, curves: Book, series: Book, surveys: list[Survey], used: set[str]
) -> None:
    for book in (curves, series):
        for table in book.unused():
            reading.note(table.row, f"the {book.family} '{table.id}' is not used by anything")
    for survey in surveys:
        if survey.transect.id not in used:
            row = next(
                row
                for row in (*reading.rows("TRANSECTS"), *reading.rows("STREETS"))
                if survey.transect.id.split("#")[0] in row.tokens
            )
            reading.note(row, f"the transect '{survey.transect.id}' is not used by any conduit")
