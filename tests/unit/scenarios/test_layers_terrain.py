"""Ponding curves and grounds from a raster of elevations; runoff from the nearest ground."""

import math

import numpy as np
import pytest
import shapely

from scenarios.gis.layers_import import read_layers
from sim.drainage.inputs import ponding_points
from sim.kernel.errors import InputError
from tests.gis_files import EAST_M, NORTH_M, write_layer, write_raster

MAPPING = """\
[manholes]
file = "manholes.gpkg"
id = "ID"
kind = {column = "KIND"}
ground = {column = "GROUND", unit = "m"}
invert = {column = "INVERT", unit = "m"}

[pipes]
file = "pipes.gpkg"
id = "ID"
shape = {default = "circular"}
height = {unit = "mm", default = 600}
roughness = {unit = "1", default = 0.013}

[scenario]
start = 2025-07-01T00:00:00+08:00
duration_h = 1
rain = {kind = "network"}

[dem]
file = "dem.tif"
limit_m = 60
depths_m = [0, 0.1, 0.2, 0.4]
"""
PLACES = {"A": -100.0, "B": 100.0, "O": 300.0}
HALF_M = 180.0


def bowls(x, y):
    """Two paraboloids of 2000 m, lowest (50.0 m) at A and B."""
    return 50.0 + (np.minimum((x + 100.0) ** 2, (x - 100.0) ** 2) + y**2) / 2000.0


@pytest.fixture
def folder(tmp_path):
    places = [shapely.Point(EAST_M + x, NORTH_M) for x in PLACES.values()]
    write_layer(
        tmp_path / "manholes.gpkg", places,
        {
            "ID": list(PLACES), "KIND": ["junction", "junction", "outfall"],
            "GROUND": [50.0, 50.0, 50.0], "INVERT": [48.0, 47.9, 47.8],
        },
    )  # fmt: skip
    write_layer(
        tmp_path / "pipes.gpkg",
        [shapely.LineString(ends) for ends in zip(places, places[1:], strict=False)],
        {"ID": ["ab", "bo"]},
    )
    (tmp_path / "case.toml").write_text(MAPPING, encoding="utf-8")
    return tmp_path


def terrain(cell: float = 1.0, half_m: float = HALF_M) -> tuple[np.ndarray, float, float, float]:
    steps = np.arange(round(2 * half_m / cell)) * cell + cell / 2 - half_m
    x, y = np.meshgrid(steps, -steps)
    return bowls(x, y), EAST_M - half_m, NORTH_M + half_m, cell


def change(folder, old: str, new: str) -> None:
    text = (folder / "case.toml").read_text(encoding="utf-8")
    assert old in text
    (folder / "case.toml").write_text(text.replace(old, new), encoding="utf-8")


def warned(found) -> dict[str, str]:
    return {e.feature: e.text for e in found.findings.entries
            if e.kind == "warning" and e.layer == "dem"}  # fmt: skip


def assert_bowls(network, rel: float) -> None:
    curves = {curve.id: dict(curve.points) for curve in network.curves}
    junctions = {junction.id: junction for junction in network.junctions}
    for name in ("A", "B"):
        points = curves[junctions[name].ponding_curve]
        assert points[0.0] == 10.0  # a single cell, raised to the least area
        for depth_m in (0.1, 0.2, 0.4):
            assert points[depth_m] == pytest.approx(2000.0 * math.pi * depth_m, rel=rel)


@pytest.mark.parametrize(
    "options",
    [{}, {"compress": "lzw", "predictor": 3, "tiled": True, "blockxsize": 64, "blockysize": 64}],
    ids=["plain", "compressed"],
)
def test_curves_from_a_geotiff(folder, options):
    write_raster(folder / "dem.tif", *terrain(), **options)
    found = read_layers(folder / "case.toml")
    assert_bowls(found.network, 0.02)
    assert {point.id for point in ponding_points(found.network, 0.15)} == {"A", "B"}
    assumed = {(e.feature, e.column) for e in found.findings.entries if e.kind == "assumed"}
    assert ("A", "smallest_area_m2") in assumed
    assert ("A", "ponded_area") not in assumed


def test_curves_from_an_ascii_grid_without_a_crs(folder):
    write_raster(folder / "dem.asc", *terrain(2.0), crs=None)
    change(folder, '"dem.tif"', '"dem.asc"')
    with pytest.raises(InputError, match=r"dem\.crs: the file does not say"):
        read_layers(folder / "case.toml")
    change(folder, '"dem.asc"', '"dem.asc"\ncrs = "EPSG:4547"')
    assert_bowls(read_layers(folder / "case.toml").network, 0.06)


def test_curves_from_a_raster_in_degrees(folder):
    """Cells of a raster in degrees are taken to the plane one by one, with their own areas."""
    from pyproj import Transformer

    there = Transformer.from_crs("EPSG:4547", "EPSG:4326", always_xy=True)
    west, north = there.transform(EAST_M - HALF_M, NORTH_M + HALF_M)
    cell = 1.0e-5  # about 1.1 m by 0.9 m
    count = 380
    steps = (np.arange(count) + 0.5) * cell
    lon, lat = np.meshgrid(west + steps, north - steps)
    x, y = Transformer.from_crs("EPSG:4326", "EPSG:4547", always_xy=True).transform(lon, lat)
    level = bowls(np.asarray(x) - EAST_M, np.asarray(y) - NORTH_M)
    write_raster(folder / "dem.tif", level, west, north, cell, crs="EPSG:4326")
    assert_bowls(read_layers(folder / "case.toml").network, 0.02)


def test_ground_from_the_terrain(folder):
    level, west, north, cell = terrain()
    write_raster(folder / "dem.tif", level * 100.0, west, north, cell)
    change(folder, '{column = "GROUND", unit = "m"}', '"dem"')
    change(folder, 'file = "dem.tif"', 'file = "dem.tif"\nunit = "cm"\nshift_m = 0.5')
    with pytest.raises(InputError, match="feature O, column ground: the terrain has no elevation"):
        read_layers(folder / "case.toml")
    level, west, north, cell = terrain(4.0, 340.0)
    write_raster(folder / "dem.tif", level * 100.0, west, north, cell)
    found = read_layers(folder / "case.toml")
    ground = {n.id: n.invert_m + n.max_depth_m for n in found.network.junctions}
    # The nearest cell centres are 2 m off the lowest point, both ways: 4 mm higher.
    assert ground == pytest.approx({"A": 50.504, "B": 50.504}, abs=1e-4)
    unread = {e.column for e in found.findings.entries if e.kind == "unread"}
    assert "GROUND" in unread


def test_terrain_at_another_level_makes_no_curve(folder):
    level, west, north, cell = terrain()
    write_raster(folder / "dem.tif", level + 3.0, west, north, cell)
    found = read_layers(folder / "case.toml")
    assert found.network.curves == ()
    assert warned(found)["A"] == "the terrain is +3.00 m off the rim: no curve"
    assumed = {(e.feature, e.column) for e in found.findings.entries if e.kind == "assumed"}
    assert ("A", "ponded_area") in assumed


def test_manholes_off_the_terrain_are_reported(folder):
    level, west, north, cell = terrain()
    write_raster(folder / "dem.tif", level[:, :180], west, north, cell)
    found = read_layers(folder / "case.toml")
    assert warned(found)["B"] == "the terrain has no cell for this manhole: no curve"
    assert [curve.id for curve in found.network.curves] == ["pond-A"]


def elsewhere(folder):
    level, west, north, cell = terrain()
    write_raster(folder / "dem.tif", level, west + 50_000.0, north, cell)
    return "dem.crs: the raster does not reach the manholes"


def undeclared_gaps(folder):
    level, west, north, cell = terrain()
    level[150, 80] = -32768.0
    write_raster(folder / "dem.tif", level, west, north, cell, nodata=None)
    return "1 cells have no possible elevation"


def a_text(folder):
    (folder / "dem.tif").write_text("no raster", encoding="utf-8")
    return "dem.file: cannot be read"


def three_bands(folder):
    import rasterio

    with rasterio.open(
        folder / "dem.tif", "w", driver="GTiff", width=4, height=4, count=3, dtype="uint8",
        crs="EPSG:4547", transform=rasterio.transform.from_origin(EAST_M, NORTH_M, 1, 1),
    ) as raster:  # fmt: skip
        raster.write(np.zeros((3, 4, 4), dtype="uint8"))
    return "the raster has 3 bands"


def no_file(folder):
    return "dem.file: cannot be read"


@pytest.mark.parametrize(
    "spoil", [elsewhere, undeclared_gaps, a_text, three_bands, no_file],
    ids=lambda spoil: spoil.__name__,
)  # fmt: skip
def test_a_bad_raster_is_refused(folder, spoil):
    said = spoil(folder)
    with pytest.raises(InputError) as caught:
        read_layers(folder / "case.toml")
    assert said in str(caught.value)


def test_every_junction_drains_the_ground_nearest_to_it(folder):
    """Two circles of 120 m whose centres are 200 m apart, cut by the line between them."""
    write_raster(folder / "dem.tif", *terrain(2.0))
    text = (
        (folder / "case.toml").read_text(encoding="utf-8")
        + """
[runoff]
limit_m = 120
impervious_percent = 60
slope_percent = 1
n_impervious = 0.013
n_pervious = 0.2
storage_impervious_mm = 1
storage_pervious_mm = 4
horton_max_mm_h = 50
horton_min_mm_h = 5
horton_decay_per_h = 4
"""
    )
    (folder / "case.toml").write_text(text, encoding="utf-8")
    found = read_layers(folder / "case.toml")
    angle = math.acos(100.0 / 120.0)
    segment_m2 = 120.0**2 * (angle - math.sin(angle) * math.cos(angle))
    for one in found.network.subcatchments:
        exact_m2 = math.pi * 120.0**2 - segment_m2
        assert one.area_ha == pytest.approx(exact_m2 / 1e4, rel=2e-3)
    assert [one.outlet for one in found.network.subcatchments] == ["A", "B"]
