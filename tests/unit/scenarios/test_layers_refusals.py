"""Layers that cannot be used are refused by layer, feature and column, and nothing is written."""

from pathlib import Path

import pytest
import shapely
from typer.testing import CliRunner

from scenarios.cli import app
from scenarios.gis.layers_import import read_layers
from scenarios.gis.mapping import read_mapping
from sim.kernel.errors import InputError
from tests.gis_files import EAST_M, NORTH_M, write_layer

MAPPING = """\
tolerance_m = 0.5

[manholes]
file = "manholes.gpkg"
id = "ID"
kind = {column = "KIND"}
ground = {column = "GROUND", unit = "m"}
invert = {column = "INVERT", unit = "m"}
ponded_area = {unit = "m2", default = 500}

[pipes]
file = "pipes.gpkg"
id = "ID"
shape = {column = "SHAPE"}
height = {column = "DN", unit = "mm"}
roughness = {unit = "1", default = 0.013}

[scenario]
start = 2025-07-01T00:00:00+08:00
duration_h = 1
rain = {kind = "network"}
"""
MANHOLES = {
    "A": (0.0, 0.0, "junction", 52.0, 50.0),
    "B": (100.0, 0.0, "junction", 51.5, 49.5),
    "C": (200.0, 0.0, "junction", 51.0, 49.0),
    "O": (300.0, 0.0, "outfall", 50.0, 48.5),
}
PIPES = {
    "ab": ([(0.0, 0.0), (100.0, 0.0)], "circular", 600),
    "bc": ([(100.0, 0.0), (200.0, 0.0)], "circular", 800),
    "co": ([(200.0, 0.0), (300.0, 0.0)], "circular", 1000),
}


def at(x: float, y: float) -> tuple[float, float]:
    return EAST_M + x, NORTH_M + y


def line(*places: tuple[float, float]) -> shapely.LineString:
    return shapely.LineString([at(*place) for place in places])


class Case:
    """Layers in memory, to be spoiled, then written."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.text = MAPPING
        self.points = [shapely.Point(at(x, y)) for x, y, *_ in MANHOLES.values()]
        self.manholes = {
            "ID": list(MANHOLES),
            **{name: [row[k] for row in MANHOLES.values()]
               for k, name in ((2, "KIND"), (3, "GROUND"), (4, "INVERT"))},
        }  # fmt: skip
        self.lines = [line(*drawn) for drawn, _, _ in PIPES.values()]
        self.pipes = {
            "ID": list(PIPES),
            "SHAPE": [shape for _, shape, _ in PIPES.values()],
            "DN": [float(size) for _, _, size in PIPES.values()],
        }
        self.crs = {"manholes": "EPSG:4547", "pipes": "EPSG:4547"}
        self.kind = {"manholes": "Point", "pipes": None}

    def say(self, old: str, new: str) -> None:
        assert old in self.text
        self.text = self.text.replace(old, new)

    def write(self) -> Path:
        for name, geometry, columns in (
            ("manholes", self.points, self.manholes), ("pipes", self.lines, self.pipes),
        ):  # fmt: skip
            kinds = {one.geom_type for one in geometry if one is not None}
            kind = kinds.pop() if len(kinds) == 1 else "Unknown"
            write_layer(self.folder / f"{name}.gpkg", geometry, columns, crs=self.crs[name],
                        kind=kind)  # fmt: skip
        file = self.folder / "case.toml"
        file.write_text(self.text, encoding="utf-8")
        return file


@pytest.fixture
def case(tmp_path: Path) -> Case:
    return Case(tmp_path)


def test_the_case_is_sound(case):
    assert len(read_layers(case.write()).network.conduits) == 3


# --- features: refused one by one, or left out and reported -------------------------------------


def duplicate_id(case):
    case.manholes["ID"][1] = "A"
    return "layer manholes, feature A, column ID", "2 features have this id"


def empty_id(case):
    case.pipes["ID"][0] = None
    return "layer pipes, feature number 1, column ID", "no id"


def no_geometry(case):
    case.points[1] = None
    return "layer manholes, feature B", "no geometry"


def wrong_geometry(case):
    case.points[1] = line((0, 0), (1, 1))
    return "layer manholes, feature B", "the geometry is no point (got 'LineString')"


def self_loop(case):
    case.lines[0] = line((0, 0), (10, 10), (0.1, 0))
    return "layer pipes, feature ab", "starts and ends at the same manhole"


def loose_parts(case):
    case.lines[0] = shapely.MultiLineString([[at(0, 0), at(40, 0)], [at(60, 0), at(100, 0)]])
    return "layer pipes, feature ab", "2 parts that do not join"


def orphan_end(case):
    case.lines[0] = line((0, 3), (100, 0))
    return "layer pipes, feature ab", "no manhole stands at the start"


def negative_slope(case):
    case.manholes["INVERT"][0] = 30.0
    return "layer pipes, feature ab", "climbs 19.500 m over 100.0 m"


def invert_above_ground(case):
    case.manholes["INVERT"][1] = 53.0
    return "layer manholes, feature B, column invert", "does not lie below the ground"


def diameter_in_metres(case):
    case.pipes["DN"][1] = 0.8
    return "layer pipes, feature bc, column DN", "is the unit of pipes.height right?"


def no_diameter(case):
    case.pipes["DN"][1] = None
    return "layer pipes, feature bc, column DN", "the cell is empty"


def diameter_in_words(case):
    case.pipes["DN"] = ["600", "DN800", "1000"]
    return "layer pipes, feature bc, column DN", "not a number (got 'DN800')"


def unknown_shape(case):
    case.pipes["SHAPE"][1] = "circlar"
    return "layer pipes, feature bc, column SHAPE", "did you mean 'circular'?"


def box_without_width(case):
    case.pipes["SHAPE"][1] = "rect_closed"
    return "layer pipes, feature bc", "without a width"


def basin_without_area(case):
    case.manholes["KIND"][1] = "storage"
    return "layer manholes, feature B", "a basin without an area"


def a_stray_in_degrees(case):
    case.points[1] = shapely.Point(114.2, 35.7)
    return "layer manholes, feature B", "outside the area of CGCS2000"


def a_stray_with_swapped_axes(case):
    case.points[1] = shapely.Point(*reversed(at(100, 0)))
    return "layer manholes, feature B", "swapped"


FEATURES = [
    duplicate_id, empty_id, no_geometry, wrong_geometry, self_loop, loose_parts, orphan_end,
    negative_slope, invert_above_ground, diameter_in_metres, no_diameter, diameter_in_words,
    unknown_shape, box_without_width, basin_without_area, a_stray_in_degrees,
    a_stray_with_swapped_axes,
]  # fmt: skip


@pytest.mark.parametrize("spoil", FEATURES, ids=lambda spoil: spoil.__name__)
def test_a_bad_feature_is_named(case, spoil):
    where, what = spoil(case)
    with pytest.raises(InputError) as caught:
        read_layers(case.write())
    assert any(where in str(one) and what in str(one) for one in caught.value.errors), caught.value


@pytest.mark.parametrize("spoil", FEATURES, ids=lambda spoil: spoil.__name__)
def test_a_bad_feature_can_be_left_out_but_never_silently(case, spoil):
    """Whatever was filed is in the network or in the report."""
    spoil(case)
    case.say("tolerance_m = 0.5", 'tolerance_m = 0.5\nbad_features = "leave_out"')
    file = case.write()
    broken = ""
    try:
        found = read_layers(file)
    except InputError as error:
        broken = str(error)
    if broken:
        # What is left may not hang together any more: both are told, that and what is missing.
        assert "without any way to an outfall" in broken
        assert "layer pipes, feature" in broken or "layer manholes, feature" in broken
        return
    told = {(e.layer, e.feature) for e in found.findings.entries
            if e.kind in ("refused", "orphan", "duplicate")}  # fmt: skip
    kept = {("manholes", n.id) for n in found.network.nodes}
    kept |= {("pipes", c.id) for c in found.network.conduits}
    for layer, ids in (("manholes", case.manholes["ID"]), ("pipes", case.pipes["ID"])):
        for number, name in enumerate(ids, start=1):
            key = (layer, name or f"number {number}")
            assert (key in kept) != (key in told), key


def test_all_bad_features_are_reported_at_once(case):
    duplicate_id(case)
    no_diameter(case)
    with pytest.raises(InputError) as caught:
        read_layers(case.write())
    assert {"manholes", "pipes"} == {
        one.where.removeprefix("layer ").split(",")[0] for one in caught.value.errors
    }


def test_an_island_is_named(case):
    case.points += [shapely.Point(at(500, 500)), shapely.Point(at(600, 500))]
    for name, values in (("ID", ["I1", "I2"]), ("KIND", ["junction"] * 2),
                         ("GROUND", [52.0, 52.0]), ("INVERT", [50.0, 49.5])):  # fmt: skip
        case.manholes[name] += values
    case.lines.append(line((500, 500), (600, 500)))
    for name, value in (("ID", "i"), ("SHAPE", "circular"), ("DN", 600.0)):
        case.pipes[name].append(value)
    with pytest.raises(InputError, match="2 nodes without any way to an outfall: I1, I2"):
        read_layers(case.write())


def test_a_pipe_drawn_twice_and_a_manhole_drawn_twice_are_reported(case):
    case.lines.append(line((0, 0), (100, 0)))
    for name, value in (("ID", "again"), ("SHAPE", "circular"), ("DN", 600.0)):
        case.pipes[name].append(value)
    found = read_layers(case.write())
    (entry,) = [e for e in found.findings.entries if e.kind == "duplicate"]
    assert (entry.feature, entry.text) == ("again", "joins the same manholes as ab; both are kept")


# --- layers as a whole --------------------------------------------------------------------------


def missing_file(case):
    case.say("pipes.gpkg", "gone.gpkg")
    return "gone.gpkg: pipes.file: cannot be read"


def unknown_ending(case):
    case.say("pipes.gpkg", "pipes.dwg")
    return "pipes.file: no layer format has this ending"


def another_format_in_disguise(case):
    (case.folder / "fake.geojson").write_text(
        "<OGRVRTDataSource><SrcDataSource>/etc/passwd</SrcDataSource></OGRVRTDataSource>",
        encoding="utf-8",
    )
    case.say("pipes.gpkg", "fake.geojson")
    return "the content is no GeoJSON"


def a_cut_file(case):
    case.write()
    whole = (case.folder / "pipes.gpkg").read_bytes()
    (case.folder / "cut.gpkg").write_bytes(whole[:2000])
    case.say("pipes.gpkg", "cut.gpkg")
    return "cut.gpkg: pipes"


def unknown_layer(case):
    case.say('file = "pipes.gpkg"', 'file = "pipes.gpkg"\nlayer = "pipe"')
    return "did you mean 'pipes'?"


def unknown_column(case):
    case.say('column = "DN"', 'column = "DNN"')
    return "pipes.height: the layer has no such column (got 'DNN')"


def a_length_in_hectares(case):
    case.say('column = "DN", unit = "mm"', 'column = "DN", unit = "ha"')
    return "pipes.height.unit: this unit does not measure a length"


def neither_column_nor_default(case):
    case.say('height = {column = "DN", unit = "mm"}', 'height = {unit = "mm"}')
    return "needs a column, a default, or both"


def unknown_key(case):
    case.say("tolerance_m", "tolerence_m")
    return "tolerence_m"


def an_impossible_default(case):
    case.say("default = 0.013", "default = 13")
    return "pipes.roughness.default: outside of what is possible"


def no_way_to_the_invert(case):
    case.say('invert = {column = "INVERT", unit = "m"}\n', "")
    return "manholes.invert: the inverts cannot be known"


def no_crs(case):
    case.crs["pipes"] = None
    return "pipes.crs: the file does not say its coordinate reference system"


def two_truths_about_the_crs(case):
    case.say('file = "pipes.gpkg"', 'file = "pipes.gpkg"\ncrs = "EPSG:4548"')
    return "pipes.crs: the file states another coordinate reference system (got 'EPSG:4548')"


def no_such_crs(case):
    case.crs["pipes"] = None
    case.say('file = "pipes.gpkg"', 'file = "pipes.gpkg"\ncrs = "EPSG:1"')
    return "pipes.crs: not a coordinate reference system (got 'EPSG:1')"


def a_plane_in_degrees(case):
    case.say("tolerance_m", "crs = 'EPSG:4490'\ntolerance_m")
    return "crs: not a plane in metres"


def longitude_and_latitude_swapped(case):
    case.crs["manholes"] = "EPSG:4326"
    case.points = [shapely.Point(35.7 + k * 0.001, 114.2) for k in range(4)]
    return "manholes.crs: longitude and latitude are swapped, for all features"


def metres_that_claim_to_be_degrees(case):
    case.crs["pipes"] = "EPSG:4326"
    return "pipes.crs: the coordinates are no degrees, for all features"


def easting_and_northing_swapped(case):
    case.lines = [shapely.transform(one, lambda xy: xy[:, ::-1]) for one in case.lines]
    return "pipes.crs: x and y (or longitude and latitude) are swapped, for all features"


def layers_of_two_cities(case):
    # The next zone's plane: its false easting is the same, its central meridian 3 degrees on.
    case.crs["pipes"] = "EPSG:4548"
    return "pipes.crs: the layer lies"


LAYERS = [
    missing_file, unknown_ending, another_format_in_disguise, a_cut_file, unknown_layer,
    unknown_column, a_length_in_hectares, neither_column_nor_default, unknown_key,
    an_impossible_default, no_way_to_the_invert, no_crs, two_truths_about_the_crs, no_such_crs,
    a_plane_in_degrees, longitude_and_latitude_swapped, metres_that_claim_to_be_degrees,
    easting_and_northing_swapped, layers_of_two_cities,
]  # fmt: skip


@pytest.mark.parametrize("spoil", LAYERS, ids=lambda spoil: spoil.__name__)
def test_a_bad_layer_is_refused_on_the_command_line_and_leaves_no_trace(case, spoil):
    said = spoil(case)
    file = case.write()
    out = case.folder / "out"
    result = CliRunner().invoke(app, ["import", "layers", str(file), "--out", str(out)])
    assert result.exit_code == 2, result.output
    assert said in result.stderr
    assert "Traceback" not in result.output
    assert not out.exists()


def test_a_name_that_a_shapefile_cut_is_hinted_at(case):
    case.pipes["UPSTREAM_N"] = ["A", "B", "C"]
    case.say("shape = {column", 'from_node = "UPSTREAM_NODE"\nshape = {column')
    with pytest.raises(InputError, match="keeps ten characters of a name: 'UPSTREAM_N'"):
        read_layers(case.write())


def test_names_in_the_columns_decide_and_unknown_ones_are_refused(case):
    case.pipes |= {"US": ["A", "B", "C"], "DS": ["B", "C", "X"]}
    case.say("shape = {column", 'from_node = "US"\nto_node = "DS"\nshape = {column')
    with pytest.raises(InputError, match="feature co, column DS: no manhole has this id"):
        read_layers(case.write())


def test_a_layer_must_be_chosen_where_there_are_two(case):
    file = case.write()
    write_layer(case.folder / "pipes.gpkg", case.lines, case.pipes, layer="old", append=True)
    with pytest.raises(InputError, match=r"pipes\.layer: the file holds 2 layers"):
        read_layers(file)


def test_the_documented_mapping_is_one(tmp_path):
    text = (Path(__file__).parents[3] / "docs" / "layers.md").read_text(encoding="utf-8")
    document = text.split("```toml\n")[1].split("```")[0]
    (tmp_path / "mapping.toml").write_text(document, encoding="utf-8")
    mapping = read_mapping(tmp_path / "mapping.toml")
    assert mapping.manholes.kind.values == {"排放口": "outfall"}
    assert mapping.dem.limit_m == 100
