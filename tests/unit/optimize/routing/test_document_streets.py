"""Documents on streets of every source: the same town, the same distances."""

from __future__ import annotations

from pathlib import Path

import networkx as nx
import pyproj
import pytest
import shapely

from optimize.routing.assemble import Assembled, read_problem
from sim.kernel.errors import InputError
from tests.gis_files import write_layer

CORNERS = {"1": (114.29, 35.74), "2": (114.30, 35.74), "3": (114.30, 35.75), "4": (114.29, 35.75)}
SIDES = [("1", "2"), ("2", "3"), ("3", "4"), ("4", "1")]
GEOD = pyproj.Geod(ellps="WGS84")

DOCUMENT = """
name = "square"
dimensions = ["kg"]

[streets]
{streets}

[depots]
rows = [{{id = "yard", lon = 114.29, lat = 35.74}}]
[stops]
rows = [
    {{id = "p", lon = 114.2951, lat = 35.7401, demand = {{kg = 5.0}}}},
    {{id = "q", lon = 114.30, lat = 35.75, demand = {{kg = 5.0}}}},
]
[trucks]
rows = [{{id = "t", start = "yard", end = "yard", capacity = {{kg = 100.0}}}}]
"""


def length_m(a: str, b: str) -> float:
    (x1, y1), (x2, y2) = CORNERS[a], CORNERS[b]
    return float(GEOD.line_length([x1, x2], [y1, y2]))


def write_osm(folder: Path) -> str:
    nodes = "".join(f'<node id="{n}" lon="{x}" lat="{y}"/>' for n, (x, y) in CORNERS.items())
    ways = "".join(
        f'<way id="{a}{b}"><nd ref="{a}"/><nd ref="{b}"/><tag k="highway" v="primary"/></way>'
        for a, b in SIDES
    )
    (folder / "town.osm").write_text(f"<osm>{nodes}{ways}</osm>", encoding="utf-8")
    return 'osm = "town.osm"'


def write_graphml(folder: Path) -> str:
    found = nx.Graph()
    for name, (x, y) in CORNERS.items():
        found.add_node(name, x=x, y=y)
    for a, b in SIDES:
        found.add_edge(a, b, length=length_m(a, b), highway="primary")
    nx.write_graphml(found, folder / "town.graphml")
    return 'graphml = "town.graphml"\nsource_crs = "EPSG:4326"'


def write_lines(folder: Path) -> str:
    write_layer(
        folder / "town.gpkg",
        [shapely.LineString([CORNERS[a], CORNERS[b]]) for a, b in SIDES],
        {"NO": [f"{a}{b}" for a, b in SIDES], "CLASS": ["primary"] * 4},
        crs="EPSG:4326",
    )
    return 'layer_file = "town.gpkg"\nlayer_columns = {id = "NO", kind = "CLASS"}'


def town(folder: Path, streets: str) -> Assembled:
    file = folder / "town.toml"
    file.write_text(DOCUMENT.format(streets=streets), encoding="utf-8")
    return read_problem(file)


@pytest.mark.parametrize("write", [write_osm, write_graphml, write_lines])
def test_the_same_town_from_every_source(tmp_path: Path, write):
    found = town(tmp_path, write(tmp_path))
    travel = found.problem.travel
    assert travel.places == ("yard", "p", "q")
    half = length_m("1", "2") * 0.51
    assert travel.distance_m[0, 1] == pytest.approx(half, rel=2e-3)
    around = length_m("1", "2") + length_m("2", "3")
    assert travel.distance_m[0, 2] == pytest.approx(around, rel=2e-3)
    # 50 km/h assumed on primary roads, and said so.
    assert travel.duration_s[0, 2] == pytest.approx(around / (50 / 3.6), rel=2e-3)
    assert "assumed: 50 km/h on primary (4)" in found.notes
    assert found.snapped is not None
    assert found.snapped.moved_m[1] == pytest.approx(11.1, abs=0.2)
    assert found.crs is not None


def test_a_closed_street_is_named_by_the_source(tmp_path: Path):
    found = town(tmp_path, write_osm(tmp_path) + "\nspeed_factor = {23 = 0.0}")
    around = length_m("3", "4") + length_m("4", "1")
    assert found.problem.travel.distance_m[0, 2] == pytest.approx(around, rel=1e-6)
    with pytest.raises(InputError, match="no such street"):
        town(tmp_path, write_osm(tmp_path) + "\nspeed_factor = {99 = 0.0}")


def test_tables_are_kept_between_readings(tmp_path: Path):
    town(tmp_path, write_osm(tmp_path))
    first = read_problem(tmp_path / "town.toml", cache=tmp_path / "kept")
    second = read_problem(tmp_path / "town.toml", cache=tmp_path / "kept")
    assert len(list((tmp_path / "kept").glob("*.npz"))) == 1
    assert (first.problem.travel.distance_m == second.problem.travel.distance_m).all()


def test_a_layer_needs_a_column_for_its_ids(tmp_path: Path):
    write_lines(tmp_path)
    with pytest.raises(InputError, match="no column for the id"):
        town(tmp_path, 'layer_file = "town.gpkg"')
