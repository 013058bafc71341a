"""Layers of manholes, pipes and streets become the network they were made from."""

from pathlib import Path

import numpy as np
import pytest
import shapely

from scenarios import document
from scenarios.gis.layers_import import import_layers, read_layers
from scenarios.run import prepare
from sim.city import simulate
from sim.drainage.elements import Outfall
from sim.drainage.network import Network
from sim.drainage.tables import read_tables, write_tables
from sim.kernel.errors import InputError
from tests.gis_files import EAST_M, NORTH_M, write_layer, write_network

HEBI = Path(__file__).parents[3] / "data" / "hebi" / "network"
RUNOFF = """
[runoff]
limit_m = 120
impervious_percent = 70
slope_percent = 0.5
n_impervious = 0.013
n_pervious = 0.15
storage_impervious_mm = 1.5
storage_pervious_mm = 5
horton_max_mm_h = 40
horton_min_mm_h = 3
horton_decay_per_h = 4
"""


@pytest.fixture(scope="module")
def hebi() -> Network:
    """The sewers and streets of Hebi before the works; what layers do not hold is left out."""
    network = read_tables(HEBI).built(())
    return Network(
        junctions=tuple(
            j.model_copy(update={"zone": None, "ponding_curve": None, "ponded_area_m2": 500.0})
            for j in network.junctions
        ),
        storages=tuple(s.model_copy(update={"zone": None}) for s in network.storages),
        outfalls=tuple(
            Outfall(id=o.id, invert_m=o.invert_m, x_m=o.x_m, y_m=o.y_m) for o in network.outfalls
        ),
        conduits=network.conduits,
    )  # fmt: skip


@pytest.fixture(scope="module")
def part(hebi: Network) -> Network:
    """What drains to the outfall O04."""
    reached, front = {"O04"}, ["O04"]
    while front:
        here = front.pop()
        for pipe in hebi.conduits:
            if pipe.level == "sewer" and pipe.to_node == here and pipe.from_node not in reached:
                reached.add(pipe.from_node)
                front.append(pipe.from_node)
    return Network(
        junctions=tuple(n for n in hebi.junctions if n.id in reached),
        outfalls=tuple(n for n in hebi.outfalls if n.id in reached),
        conduits=tuple(c for c in hebi.conduits if {c.from_node, c.to_node} <= reached),
    )


def change(mapping: Path, *pairs: tuple[str, str]) -> Path:
    text = mapping.read_text(encoding="utf-8")
    for old, new in pairs:
        assert old in text
        text = text.replace(old, new)
    mapping.write_text(text, encoding="utf-8")
    return mapping


def notes(found, kind: str) -> list[tuple[str, str, str]]:
    return [(e.layer, e.feature, e.column) for e in found.findings.entries if e.kind == kind]


def assert_same_sewers(found: Network, expected: Network, tolerance_m: float = 1e-3) -> None:
    for family in ("nodes", "conduits"):
        old = {one.id: one for one in getattr(expected, family)}
        new = {one.id: one for one in getattr(found, family)}
        assert sorted(old) == sorted(new)
        for name, one in old.items():
            a, b = _numbers(one), _numbers(new[name])
            assert b == pytest.approx(a, abs=tolerance_m), name


def _numbers(element) -> dict[str, float]:
    found = dict(element.model_dump(exclude={"x_m", "y_m", "section", "max_depth_m"}))
    found |= {f"section.{k}": v for k, v in getattr(element, "section", None) or ()}
    # An outfall has no rim; the others' is where it was.
    found["rim"] = element.invert_m + getattr(element, "max_depth_m", 0.0) if hasattr(
        element, "invert_m") else 0.0  # fmt: skip
    return {
        k: v for k, v in found.items() if isinstance(v, (int, float)) and not k.endswith("work")
    }


@pytest.mark.parametrize("suffix", [".gpkg", ".geojson", ".shp"])
def test_hebi_comes_back_from_its_layers(hebi, tmp_path, suffix):
    found = read_layers(write_network(hebi, tmp_path, suffix))
    assert_same_sewers(found.network, hebi)
    east = {n.id: (n.x_m, n.y_m) for n in found.network.nodes}
    for node in hebi.nodes:
        assert east[node.id] == pytest.approx((node.x_m + EAST_M, node.y_m + NORTH_M), abs=1e-3)
    assert ("manholes", "", "SURVEYOR") in notes(found, "unread")
    assert not found.findings.errors


def test_the_import_simulates_like_the_network_it_came_from(part, tmp_path):
    """Tolerance: layers hold levels, tables offsets, so the last bits differ."""
    mapping = write_network(part, tmp_path)
    mapping.write_text(mapping.read_text(encoding="utf-8") + RUNOFF, encoding="utf-8")
    _, path = import_layers(mapping, tmp_path / "out")
    tables = tmp_path / "out" / "mapping-network"
    imported = read_tables(tables)
    assert_same_sewers(imported, part, 1e-9)
    scenario = document.load(path)

    def run():
        inputs = prepare(scenario).inputs
        return simulate(inputs, scenario.start, scenario.duration_s)

    after = run()
    write_tables(
        part.model_copy(update={
            name: getattr(imported, name) for name in ("subcatchments", "gauges", "series")
        }), tables,
    )  # fmt: skip
    before = run()
    assert before.series["drainage", "ponded_depth"].values.max() > 0.05
    for quantity in ("node_depth", "link_flow", "ponded_depth"):
        a, b = (one.series["drainage", quantity] for one in (before, after))
        assert sorted(a.entities) == sorted(b.entities)
        np.testing.assert_allclose(
            np.column_stack([b.of(name) for name in a.entities]), a.values, atol=2e-5
        )


def test_the_scenario_that_was_written_says_all_it_needs(part, tmp_path):
    mapping = write_network(part, tmp_path)
    mapping.write_text(mapping.read_text(encoding="utf-8") + RUNOFF, encoding="utf-8")
    found, path = import_layers(mapping, tmp_path / "out")
    scenario = document.load(path)
    assert scenario.start.isoformat() == "2025-07-01T00:00:00+08:00"
    assert scenario.title["zh"] == "由 mapping.toml 导入"
    report = (tmp_path / "out" / "mapping-import.csv").read_text(encoding="utf-8-sig")
    assert len(report.splitlines()) == len(found.findings.entries) + 1
    assert "assumed,runoff,,impervious_percent,70 for all,70.0" in report
    written = {p: p.read_bytes() for p in tmp_path.rglob("*") if p.is_file()}
    with pytest.raises(InputError, match="exists already"):
        import_layers(mapping, tmp_path / "out")
    assert {p: p.read_bytes() for p in tmp_path.rglob("*") if p.is_file()} == written


def test_an_import_without_a_folder_writes_nothing(part, tmp_path):
    mapping = write_network(part, tmp_path)
    before = sorted(tmp_path.iterdir())
    assert import_layers(mapping, None)[1] is None
    assert sorted(tmp_path.iterdir()) == before


# --- a small town ----------------------------------------------------------------------------

TOWN = """\
tolerance_m = 0.5

[manholes]
file = "manholes.gpkg"
id = "ID"
kind = {column = "KIND", default = "junction"}
ground = {column = "GROUND", unit = "m"}
depth = {column = "DEPTH", unit = "cm"}
ponded_area = {unit = "ha", default = 0.05}

[pipes]
file = "pipes.gpkg"
id = "ID"
shape = {default = "circular"}
height = {column = "DN", unit = "mm"}
roughness = {column = "MATERIAL", unit = "1", values = {PVC = 0.011}, default = 0.014}

[scenario]
start = 2025-07-01T00:00:00+08:00
duration_h = 1
rain = {kind = "network"}
"""
PLACES = {"001": (0.0, 0.0), "1": (100.0, 0.0), "002": (200.0, 0.0), "OUT": (300.0, 0.0)}


def town(folder: Path, mapping: str = TOWN, **lines) -> Path:
    """Four manholes in a row, and the pipes between them; `lines` replaces geometries by id."""
    write_layer(
        folder / "manholes.gpkg",
        [shapely.Point(EAST_M + x, NORTH_M + y) for x, y in PLACES.values()],
        {
            "ID": list(PLACES),
            "KIND": [None, None, None, "outfall"],
            "GROUND": [52.0, 51.5, 51.0, 50.0],
            "DEPTH": [200.0, 210.0, 220.0, 200.0],
        },
    )
    drawn = {
        "a": [(0.0, 0.0), (60.0, 5.0), (100.0, 0.0)],
        "b": [(100.0, 0.0), (200.0, 0.0)],
        "c": [(200.0, 0.0), (300.0, 0.0)],
    } | lines  # fmt: skip
    geometry = [
        shapely.LineString([(EAST_M + x, NORTH_M + y) for x, y in line]) for line in drawn.values()
    ]
    write_layer(
        folder / "pipes.gpkg", geometry,
        {
            "ID": list(drawn), "DN": [600, 800, 1000][: len(drawn)] + [500] * (len(drawn) - 3),
            "MATERIAL": ["PVC", None, "PVC"] + ["PVC"] * (len(drawn) - 3),
        },
    )  # fmt: skip
    (folder / "town.toml").write_text(mapping, encoding="utf-8")
    return folder / "town.toml"


def test_ends_are_found_by_place_and_ids_stay_text(tmp_path):
    found = read_layers(town(tmp_path))
    a, b, c = found.network.conduits
    assert [(p.from_node, p.to_node) for p in (a, b, c)] == [
        ("001", "1"), ("1", "002"), ("002", "OUT"),
    ]  # fmt: skip
    assert [p.section.depth_m for p in (a, b, c)] == [0.6, 0.8, 1.0]
    assert a.length_m == pytest.approx(np.hypot(60, 5) + np.hypot(40, 5), abs=1e-6)
    assert {n.id: n.invert_m for n in found.network.nodes} == pytest.approx(
        {"001": 50.0, "1": 49.4, "002": 48.8, "OUT": 48.0}
    )
    assert [j.ponded_area_m2 for j in found.network.junctions] == [500.0] * 3


def test_whatever_was_not_in_the_layers_is_listed_as_assumed(tmp_path):
    found = read_layers(town(tmp_path))
    assert [p.roughness_n for p in found.network.conduits] == [0.011, 0.014, 0.011]
    assumed = notes(found, "assumed")
    assert ("pipes", "b", "roughness") in assumed
    assert ("pipes", "a", "roughness") not in assumed
    assert ("manholes", "", "ponded_area") in assumed
    assert ("manholes", "001", "kind") in assumed
    assert ("manholes", "OUT", "stage") in assumed
    assert ("pipes", "", "from_invert") in assumed


def test_ends_a_little_off_are_moved_and_reported(tmp_path):
    found = read_layers(town(tmp_path, b=[(100.3, 0.4), (200.0, 0.2)]))
    moved = {(e.feature, e.text): e.amount for e in found.findings.entries if e.kind == "snapped"}
    assert moved == pytest.approx(
        {("b", "start moved to 1"): 0.5, ("b", "end moved to 002"): 0.2}, abs=1e-6
    )


def test_a_second_manhole_within_reach_is_reported(tmp_path):
    mapping = change(town(tmp_path), ("tolerance_m = 0.5", "tolerance_m = 150"))
    found = read_layers(mapping)
    assert {feature for _, feature, _ in notes(found, "ambiguous")} == {"a", "b", "c"}


def test_parts_that_join_are_one_line(tmp_path):
    town(tmp_path)
    parts = shapely.MultiLineString([
        [(EAST_M, NORTH_M), (EAST_M + 50, NORTH_M)],
        [(EAST_M + 50, NORTH_M), (EAST_M + 100, NORTH_M)],
    ])  # fmt: skip
    rest = [
        shapely.MultiLineString([[(EAST_M + x, NORTH_M), (EAST_M + x + 100, NORTH_M)]])
        for x in (100, 200)
    ]
    write_layer(
        tmp_path / "pipes.gpkg", [parts, *rest],
        {"ID": list("abc"), "DN": [600, 800, 1000], "MATERIAL": ["PVC"] * 3},
    )  # fmt: skip
    found = read_layers(tmp_path / "town.toml")
    assert [p.length_m for p in found.network.conduits] == pytest.approx([100.0] * 3)
    assert notes(found, "merged") == [("pipes", "a", "")]


def test_downhill_turns_what_climbs(tmp_path):
    mapping = town(tmp_path, c=[(300.0, 0.0), (200.0, 0.0)])
    change(mapping, ('id = "ID"\nshape', 'id = "ID"\ndirection = "downhill"\nshape'))
    found = read_layers(mapping)
    assert found.network.conduits[2].from_node == "002"
    assert notes(found, "reversed") == [("pipes", "c", "")]


def test_ends_as_depths_below_the_ground(tmp_path):
    mapping = town(tmp_path)
    change(mapping, ("[scenario]\n", "[pipes.from_depth]\nunit = 'm'\ndefault = 1.5\n[scenario]\n"))
    found = read_layers(mapping)
    assert [p.inlet_offset_m for p in found.network.conduits] == pytest.approx([0.5, 0.6, 0.7])


def test_degrees_become_metres(tmp_path):
    """Distances in the plane against geodesics on the ellipsoid."""
    from pyproj import Geod, Transformer

    town(tmp_path)
    back = Transformer.from_crs("EPSG:4547", "EPSG:4326", always_xy=True)
    for name in ("manholes", "pipes"):
        import pyogrio.raw

        meta, _, wkb, data = pyogrio.raw.read(tmp_path / f"{name}.gpkg")
        geometry = shapely.transform(shapely.from_wkb(wkb), back.transform, interleaved=False)
        columns = dict(zip(meta["fields"], (list(one) for one in data), strict=True))
        write_layer(tmp_path / f"{name}.geojson", list(geometry), columns, crs="EPSG:4326")
    mapping = change(tmp_path / "town.toml", (".gpkg", ".geojson"))
    found = read_layers(mapping)
    assert found.plane.is_projected
    nodes = {n.id: n for n in found.network.nodes}
    lon, lat = back.transform(*np.array([[EAST_M, EAST_M + 300.0], [NORTH_M, NORTH_M]]))
    exact = Geod(ellps="WGS84").inv(lon[0], lat[0], lon[1], lat[1])[2]
    apart = np.hypot(nodes["OUT"].x_m - nodes["001"].x_m, nodes["OUT"].y_m - nodes["001"].y_m)
    assert apart == pytest.approx(exact, abs=1e-3)
    assert abs(nodes["001"].x_m) < 1000.0
    stated = read_layers(change(mapping, ("tolerance_m", "crs = 'EPSG:4547'\ntolerance_m")))
    first = stated.network.junctions[0]
    assert (first.x_m, first.y_m) == pytest.approx((EAST_M, NORTH_M), abs=1e-3)


def test_chinese_text_in_a_shapefile(tmp_path):
    town(tmp_path)
    write_layer(
        tmp_path / "manholes.shp",
        [shapely.Point(EAST_M + x, NORTH_M + y) for x, y in PLACES.values()],
        {
            "ID": ["井一", "井二", "井三", "口"], "KIND": ["检查井"] * 3 + ["排放口"],
            "GROUND": [52.0, 51.5, 51.0, 50.0], "DEPTH": [200.0, 210.0, 220.0, 200.0],
        },
        encoding="GBK",
    )  # fmt: skip
    (tmp_path / "manholes.cpg").unlink(missing_ok=True)
    mapping = change(
        tmp_path / "town.toml",
        ('"manholes.gpkg"', '"manholes.shp"\nencoding = "GBK"'),
        (
            '"KIND", default = "junction"',
            '"KIND", values = {"检查井" = "junction", "排放口" = "outfall"}',
        ),
    )  # fmt: skip
    found = read_layers(mapping)
    assert [n.id for n in found.network.nodes] == ["井一", "井二", "井三", "口"]


STREETS = """
[streets]
file = "streets.gpkg"
id = "ID"
reach_m = 8
width = {column = "WIDTH", unit = "m"}
height = {unit = "m", default = 1.5}
roughness = {unit = "1", default = 0.02}
"""


def test_a_street_becomes_reaches_between_the_manholes_beside_it(tmp_path):
    town(tmp_path, TOWN + STREETS)
    write_layer(
        tmp_path / "streets.gpkg",
        [shapely.LineString([(EAST_M - 30, NORTH_M + 5), (EAST_M + 250, NORTH_M + 5)])],
        {"ID": [7], "WIDTH": [12.5]},
    )
    found = read_layers(tmp_path / "town.toml")
    one, two = (c for c in found.network.conduits if c.level == "street")
    assert (one.id, one.from_node, one.to_node) == ("7:1", "001", "1")
    assert (two.id, two.from_node, two.to_node) == ("7:2", "1", "002")
    assert (one.length_m, two.length_m) == pytest.approx((100.0, 100.0))
    assert (one.inlet_offset_m, one.outlet_offset_m) == pytest.approx((2.0, 2.1))
    assert one.section.width_m == 12.5
    unread = [e for e in found.findings.entries if e.kind == "unread" and e.feature == "7"]
    assert [e.amount for e in unread] == pytest.approx([30.0, 50.0])


def test_streets_and_pipes_may_be_numbered_alike(tmp_path):
    mapping = town(tmp_path, TOWN + STREETS)
    write_layer(
        tmp_path / "streets.gpkg",
        [shapely.LineString([(EAST_M, NORTH_M), (EAST_M + 100, NORTH_M)])],
        {"ID": ["a"], "WIDTH": [12.5]},
    )
    with pytest.raises(InputError, match="layer streets, feature a: a pipe has this id too"):
        read_layers(mapping)
    change(mapping, ("reach_m = 8", "reach_m = 8\nprefix = 'S-'"))
    assert read_layers(mapping).network.conduits[-1].id == "S-a"


def test_zones_are_those_of_the_mapping(tmp_path):
    zone = "[zones.{}]\nname_en = 'x'\nname_zh = 'y'\nkind = 'key'\nallowed_recession_h = 2\n"
    mapping = town(tmp_path, TOWN + zone.format("junction") + zone.format("old"))
    change(
        mapping,
        ('unit = "ha", default = 0.05}', 'unit = "ha", default = 0.05}\nzone = {column = "KIND"}'),
    )
    with pytest.raises(InputError, match="feature OUT, column KIND: a word without a meaning"):
        read_layers(mapping)
    change(
        mapping,
        ('zone = {column = "KIND"}', 'zone = {column = "KIND", values = {outfall = "old"}}'),
    )
    network = read_layers(mapping).network
    assert [node.zone for node in network.nodes] == [None, None, None, "old"]
    assert [zone.id for zone in network.zones] == ["junction", "old"]


def test_heights_in_the_geometry_are_told_not_to_be_read(tmp_path):
    town(tmp_path)
    write_layer(
        tmp_path / "manholes.gpkg",
        [shapely.Point(EAST_M + x, NORTH_M + y, 50.0) for x, y in PLACES.values()],
        {
            "ID": list(PLACES), "KIND": ["junction"] * 3 + ["outfall"],
            "GROUND": [52.0, 51.5, 51.0, 50.0], "DEPTH": [200.0, 210.0, 220.0, 200.0],
        },
        kind="Point Z",
    )  # fmt: skip
    assert ("manholes", "", "(z)") in notes(read_layers(tmp_path / "town.toml"), "unread")


def test_a_gauge_is_found_from_the_scenario_that_was_written(tmp_path):
    mapping = town(tmp_path)
    rows = [f"2025-07-01T00:{minute:02d}:00+08:00,1.5" for minute in range(0, 60, 10)]
    (tmp_path / "gauge.csv").write_text("time,value\n" + "\n".join(rows) + "\n", encoding="utf-8")
    change(mapping, ('{kind = "network"}', '{kind = "gauge", file = "gauge.csv", unit = "mm"}'))
    mapping.write_text(mapping.read_text(encoding="utf-8") + RUNOFF, encoding="utf-8")
    _, path = import_layers(mapping, tmp_path / "far" / "out")
    (rain,) = prepare(document.load(path)).inputs["drainage"].rain.values()
    assert rain.depth_mm == pytest.approx(9.0)


def test_rain_that_is_none_is_refused_before_anything_is_written(tmp_path):
    mapping = change(
        town(tmp_path), ('{kind = "network"}', '{kind = "chicago", formula = "xinxiang"}')
    )
    with pytest.raises(InputError, match=r"scenario\.rain\.return_period_years"):
        import_layers(mapping, tmp_path / "out")
    assert not (tmp_path / "out").exists()
