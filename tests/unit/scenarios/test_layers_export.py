"""Networks and results out again: GeoJSON, CSV and Parquet."""

import json
import math
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from typer.testing import CliRunner

from scenarios import document
from scenarios.cli import app
from scenarios.exchange import import_swmm
from scenarios.gis import results
from scenarios.gis.results import PLANE_FILE
from scenarios.run import prepare, run_scenario
from scenarios.store import Store
from sim.drainage.kpis import waterlogged_spells
from tests.gis_files import EAST_M, NORTH_M, PLANE

EXAMPLE = Path(__file__).parents[3] / "data" / "examples" / "two-basins.inp"


@pytest.fixture
def case(folder):
    """An imported SWMM network as tables, and a scenario that runs it for six hours."""
    import_swmm(EXAMPLE, folder / "case")
    return folder / "case" / "two-basins.toml"


def invoke(*arguments: str):
    result = CliRunner().invoke(app, list(arguments))
    return result, result.output + result.stderr


def test_a_network_as_csv_and_parquet(case, folder):
    network = prepare(document.load(case)).inputs["drainage"].network
    for form, read in (("csv", pd.read_csv), ("parquet", pd.read_parquet)):
        for name, family in (("nodes", network.nodes), ("links", network.links)):
            target = folder / f"{name}.{form}"
            result, said = invoke("export", form, str(case), "--table", name, "--out", str(target))
            assert result.exit_code == 0, said
            found = read(target)
            assert found["id"].tolist() == [one.id for one in family]
    nodes = pd.read_parquet(folder / "nodes.parquet").set_index("id")
    for junction in network.junctions:
        assert nodes.loc[junction.id, "invert_m"] == junction.invert_m
        assert nodes.loc[junction.id, "ground_m"] == junction.invert_m + junction.max_depth_m
    links = pd.read_parquet(folder / "links.parquet").set_index("id")
    for conduit in network.conduits:
        assert links.loc[conduit.id, "length_m"] == conduit.length_m
        assert links.loc[conduit.id, "height_m"] == conduit.section.depth_m


def test_a_run_with_its_results(case, folder):
    scenario = document.load(case)
    with Store() as store:
        (run,) = run_scenario(scenario, store=store)
        assert run.status == "done", run.reason
        record = store.record(run.id)
        kpis = {(k.name, k.entity): k for _, k in store.kpis(run.id)}
    for form in ("csv", "parquet"):
        for name in ("nodes", "links", "flows", "depths"):
            target = folder / f"{name}.{form}"
            result, said = invoke("export", form, run.id, "--table", name, "--out", str(target))
            assert result.exit_code == 0, said
    nodes = pd.read_parquet(folder / "nodes.parquet").set_index("id")
    depth = record.series["drainage", "node_depth"]
    for name in depth.entities:
        assert nodes.loc[name, "max_depth_m"] == depth.of(name).max()
    flow = record.series["drainage", "link_flow"]
    links = pd.read_parquet(folder / "links.parquet").set_index("id")
    flows = pd.read_parquet(folder / "flows.parquet")
    for name in flow.entities:
        assert links.loc[name, "max_flow_m3s"] == flow.of(name).max()
        np.testing.assert_array_equal(flows[name], flow.of(name))
    np.testing.assert_array_equal(flows["time_s"], flow.time_s)
    # The last point to drain is the whole network's recession.
    spells = waterlogged_spells(record)
    assert set(nodes.index[nodes["recession"].isin(("drained", "not_drained"))]) == set(spells)
    last = kpis["recession_last_point_h", "all"]
    if last.status in ("ok", "over_limit"):
        assert nodes["recession_h"].max() == pytest.approx(last.value)
    text = (folder / "nodes.csv").read_text(encoding="utf-8-sig")
    assert text.splitlines()[0].startswith("id,kind,zone,x_m")


def test_geojson_has_nodes_and_links_where_they_are(case, folder):
    from pyproj import CRS, Transformer

    tables = folder / "case" / "two-basins-network"
    (tables / PLANE_FILE).write_text(CRS.from_user_input(PLANE).to_wkt(), encoding="utf-8")
    prepared = prepare(document.load(case))
    moved = prepared.inputs["drainage"].network
    exported = results.of_scenario(prepared)
    placed = exported.network.model_copy(update={
        family: tuple(
            node.model_copy(update={"x_m": EAST_M + 50.0 * i, "y_m": NORTH_M + 10.0 * i})
            for i, node in enumerate(getattr(moved, family))
        )
        for family in ("junctions", "storages", "outfalls")
    })  # fmt: skip
    exported = results.Exported(placed, exported.plane)
    note = results.write(exported, "geojson", folder / "net.geojson")
    assert note == ""
    found = json.loads((folder / "net.geojson").read_text(encoding="utf-8"))
    assert len(found["features"]) == len(placed.nodes) + len(placed.links)
    there = Transformer.from_crs("EPSG:4326", PLANE, always_xy=True)
    features = {feature["id"]: feature for feature in found["features"]}
    for node in placed.nodes:
        x, y = there.transform(*features[f"node/{node.id}"]["geometry"]["coordinates"])
        assert (x, y) == pytest.approx((node.x_m, node.y_m), abs=2e-3)
    for link in placed.links:
        drawn = features[f"link/{link.id}"]["geometry"]["coordinates"]
        ends = [features[f"node/{end}"]["geometry"]["coordinates"]
                for end in (link.from_node, link.to_node)]  # fmt: skip
        assert drawn == ends


def test_geojson_of_a_plane_without_a_place_says_so(folder):
    result, said = invoke("export", "geojson", "design-storm", "--out", str(folder / "x.geojson"))
    assert result.exit_code == 0, said
    assert "metres in a plane without a place on earth" in " ".join(said.split())
    found = json.loads((folder / "x.geojson").read_text(encoding="utf-8"))
    assert found["coordinates_are"] == "metres in a local plane"


def test_a_spreadsheet_runs_nothing_that_an_id_says(case, folder):
    network = prepare(document.load(case)).inputs["drainage"].network
    nasty = ["=1+1", "+a", "-b", "@c", "\td", "=HYPERLINK(1)"]
    renamed = network.model_copy(update={
        "junctions": tuple(
            junction.model_copy(update={"id": name})
            for junction, name in zip(network.junctions, nasty, strict=True)
        ),
    })  # fmt: skip
    exported = results.Exported(renamed, None)
    results.write(exported, "csv", folder / "nodes.csv")
    cells = [row.split(",")[0] for row in
             (folder / "nodes.csv").read_text(encoding="utf-8-sig").splitlines()]  # fmt: skip
    assert cells[1:7] == ["'" + name for name in nasty]
    results.write(exported, "parquet", folder / "nodes.parquet")
    assert pd.read_parquet(folder / "nodes.parquet")["id"].tolist()[:6] == nasty


def test_what_cannot_be_exported(case, folder):
    for arguments, said in (
        (["export", "csv", str(case), "--table", "flows"], "only a run has such a table"),
        (["export", "csv", "0123abcd"], "there are no runs yet"),
        (["export", "csv", str(case), "--out", "no/such/folder.csv"], "cannot be written"),
        (["export", "geojson", str(case), "--out", "no/such/f.geojson"], "cannot be written"),
        (["export", "csv", "0123abcd", "--set", "duration_h=3"], "a run cannot be changed"),
    ):
        result, output = invoke(*arguments)
        assert (result.exit_code, said in output) == (2, True), output


def test_missing_values_are_null_in_geojson_and_empty_in_csv(case, folder):
    exported = results.of_scenario(prepare(document.load(case)))
    nodes = results.table(exported, "nodes")
    assert nodes.loc[nodes["kind"] == "outfall", "ground_m"].isna().all()
    network = exported.network
    if all(node.x_m is not None for node in network.nodes):
        results.write(exported, "geojson", folder / "n.geojson")
        text = (folder / "n.geojson").read_text(encoding="utf-8")
        assert "NaN" not in text
        found = json.loads(text, parse_constant=pytest.fail)
        assert any(f["properties"].get("ground_m", math.nan) is None for f in found["features"])
