"""What is drawn for each replication: keyed, repeatable, on inputs that stay as they were."""

import math
from datetime import UTC, datetime

import numpy as np
import pytest
from pydantic import ValidationError

from bench.networks import grid_network
from sim.city import simulate
from sim.drainage import SYSTEM
from sim.drainage.elements import Conduit, CrossSection, Pump
from sim.drainage.inlets import GULLY, SEWER, gullies, with_clogged_inlets
from sim.drainage.sections import SectionGeometry
from sim.drainage.spec import DrainageSpec, NetworkRain
from sim.drainage.tables import write_tables
from sim.drainage.uncertainty import (
    circle_fill_m,
    clogged_inlets,
    rain_multiplier,
    varied,
    varied_network,
)
from sim.drainage.uncertainty_spec import ConduitBlockage, InletBlockage, Uncertainty
from sim.kernel.streams import Streams

START = datetime(2021, 7, 20, tzinfo=UTC)
NETWORK = grid_network(5, 4)
EVERYTHING = Uncertainty(
    rain_spread=0.3, roughness_spread=0.2,
    inlet_blockage=InletBlockage(probability=0.5),
    conduit_blockage=ConduitBlockage(probability=0.5),
)  # fmt: skip


def load(folder, hours=4.0, network=NETWORK, **spec):
    write_tables(network, folder / "net")
    section = DrainageSpec(network="net", rain=NetworkRain(), **spec)
    return SYSTEM.load(section, folder, START, hours * 3600.0)


def run(inputs, hours=4.0, replication=0):
    return simulate({"drainage": inputs}, START, hours * 3600.0, 1, replication)


# --- draws ------------------------------------------------------------------------------------


def test_without_a_section_a_run_gets_the_inputs_themselves(tmp_path):
    inputs = load(tmp_path)
    assert varied(inputs, Streams(1, 0)) is inputs


def test_a_section_in_which_nothing_varies_changes_no_result(tmp_path):
    plain = run(load(tmp_path / "a"))
    same = run(load(tmp_path / "b", uncertainty=Uncertainty()))
    assert plain.digest() == same.digest()


def test_the_draws_repeat_and_differ_between_replications(tmp_path):
    inputs = load(tmp_path, uncertainty=EVERYTHING)
    before = inputs.network.model_dump_json()
    first, again, other = (varied(inputs, Streams(1, k)) for k in (0, 0, 1))
    assert first.network == again.network
    assert first.network != other.network
    assert first.rain["city"].depth_mm == again.rain["city"].depth_mm
    assert first.rain["city"].depth_mm != other.rain["city"].depth_mm
    assert inputs.network.model_dump_json() == before


def test_a_pipe_has_the_same_luck_whatever_else_is_built():
    fewer = NETWORK.model_copy(update={"conduits": NETWORK.conduits[::2]})
    chance = Uncertainty(roughness_spread=0.2, conduit_blockage=ConduitBlockage(probability=0.5))
    all_of_them = {c.id: c for c in varied_network(NETWORK, chance, Streams(4, 2)).conduits}
    for conduit in varied_network(fewer, chance, Streams(4, 2)).conduits:
        assert conduit == all_of_them[conduit.id]


def test_a_higher_probability_only_adds_blockages():
    few, many = (
        clogged_inlets(NETWORK, InletBlockage(probability=p), Streams(1, 0)) for p in (0.2, 0.6)
    )
    assert 0 < len(few) < len(many)
    assert all(many[name] == opening for name, opening in few.items())


def test_the_rain_multiplier_is_lognormal_with_median_one():
    chance = Uncertainty(rain_spread=0.25)
    logs = np.log([rain_multiplier(chance, Streams(1, k)) for k in range(4000)])
    assert logs.mean() == pytest.approx(0.0, abs=4 * 0.25 / math.sqrt(4000))
    assert logs.std() == pytest.approx(0.25, rel=0.05)
    assert abs(np.corrcoef(logs[1:], logs[:-1])[0, 1]) < 4 / math.sqrt(4000)


def test_shares_are_spread_evenly_over_what_is_given():
    blockage = InletBlockage(probability=1.0, least_share=0.2, largest_share=0.6)
    left = [
        opening / (blockage.opening_m2_per_ha * gullies(NETWORK)[name])
        for k in range(60)
        for name, opening in clogged_inlets(NETWORK, blockage, Streams(1, k)).items()
    ]
    shares = 1.0 - np.array(left)
    assert 0.2 <= shares.min() < 0.21
    assert 0.59 < shares.max() <= 0.6
    assert shares.mean() == pytest.approx(0.4, abs=0.02)


def test_roughness_is_multiplied_for_every_conduit():
    chance = Uncertainty(roughness_multiplier=1.5)
    found = varied_network(NETWORK, chance, Streams(1, 0))
    assert [c.roughness_n for c in found.conduits] == pytest.approx(
        [1.5 * c.roughness_n for c in NETWORK.conduits]
    )


@pytest.mark.parametrize("share", [0.05, 0.1, 0.3, 0.5, 0.8])
def test_silt_takes_the_share_of_the_area_it_says(share):
    fill_m = circle_fill_m(1.2, share)
    silted = CrossSection(kind="filled_circular", depth_m=1.2, fill_depth_m=fill_m)
    area = SectionGeometry.of(silted).full_area_m2
    assert area == pytest.approx((1 - share) * math.pi * 0.36, rel=1e-9)


def test_silted_pipes_keep_their_crown_and_a_box_gets_a_higher_floor():
    box = Conduit(
        id="box", from_node="J0_0", to_node="OUT", length_m=50.0, roughness_n=0.013,
        section=CrossSection(kind="rect_closed", depth_m=2.0, width_m=3.0),
    )  # fmt: skip
    ditch = box.model_copy(
        update={"id": "ditch", "section": CrossSection(kind="rect_open", depth_m=2.0, width_m=3.0)}
    )
    network = NETWORK.model_copy(update={"conduits": (*NETWORK.conduits, box, ditch)})
    blockage = ConduitBlockage(probability=1.0, least_share=0.25, largest_share=0.25)
    found = varied_network(network, Uncertainty(conduit_blockage=blockage), Streams(1, 0))
    for before, after in zip(network.conduits, found.conduits, strict=True):
        geometry, silted = (SectionGeometry.of(c.section) for c in (before, after))
        for bed_m, silted_m in zip(before.bed_offsets_m, after.bed_offsets_m, strict=True):
            crown_m = bed_m + geometry.full_depth_m
            assert silted_m + silted.full_depth_m == pytest.approx(crown_m, abs=1e-12)
        share = 0.0 if before.id == "ditch" else 0.25
        assert silted.full_area_m2 == pytest.approx((1 - share) * geometry.full_area_m2, rel=1e-9)


# --- clogged inlets ---------------------------------------------------------------------------


def test_a_parted_junction_keeps_its_street_and_gives_its_sewers_away():
    found = with_clogged_inlets(NETWORK, {"J2_1": 0.04})
    street = next(j for j in found.junctions if j.id == "J2_1")
    manhole = next(j for j in found.junctions if j.id == "J2_1" + SEWER)
    before = next(j for j in NETWORK.junctions if j.id == "J2_1")
    assert street.invert_m == before.invert_m + before.max_depth_m
    assert manhole.invert_m == before.invert_m
    ends = {c.id: (c.from_node, c.to_node) for c in found.conduits}
    assert ends["R2_1"] == ("J2_1" + SEWER, "J2_0")
    assert ends["R2_2"] == ("J2_2", "J2_1" + SEWER)
    (grate,) = found.orifices
    assert grate.id == "J2_1" + GULLY
    assert math.pi / 4 * grate.section.depth_m**2 == pytest.approx(0.04)
    assert [s.outlet for s in found.subcatchments] == [s.outlet for s in NETWORK.subcatchments]


def test_junctions_with_a_pump_do_not_clog():
    pump = Pump(id="P", from_node="J1_1", to_node="OUT", pump_type="ideal")
    assert "J1_1" in gullies(NETWORK)
    assert "J1_1" not in gullies(NETWORK.model_copy(update={"pumps": (pump,)}))


def ponded_max_m3(record):
    return float(record.series["drainage", "ponded_volume"].of("total").max())


def test_the_wider_the_grate_the_more_it_is_like_none(tmp_path):
    """A grate of perimeter P needs the head (Q / 1.85 P)^(2/3): a film that goes with its width."""
    storm = load(tmp_path / "plain")
    plain = run(storm).series["drainage", "ponded_depth"].values
    gaps = []
    for opening_m2_per_ha in (5.0, 50.0, 500.0, 5000.0):
        opening = {name: opening_m2_per_ha * ha for name, ha in gullies(NETWORK).items()}
        parted = with_clogged_inlets(NETWORK, opening)
        record = run(load(tmp_path / str(opening_m2_per_ha), network=parted))
        depth = record.series["drainage", "ponded_depth"].values
        gaps.append(float(np.abs(depth - plain).max()))
    assert gaps == sorted(gaps, reverse=True)
    assert gaps[-1] < 0.006  # 4.8 mm with steps of a second


def test_clogged_inlets_keep_water_on_the_street_and_lose_none(tmp_path):
    """Runs end by checking that the water balances to 1e-8; more blockage never ponds less."""
    volumes = []
    for share in (0.0, 0.6, 0.9, 1.0):
        blockage = InletBlockage(probability=1.0, least_share=share, largest_share=share)
        inputs = load(tmp_path / str(share), uncertainty=Uncertainty(inlet_blockage=blockage))
        volumes.append(ponded_max_m3(run(inputs)))
    assert volumes == sorted(volumes)
    assert volumes[-1] > 3 * volumes[0]


def test_a_shut_grate_holds_all_that_falls_there(tmp_path):
    """With every junction shut what ponds is the runoff, to the last drop."""
    blockage = InletBlockage(probability=1.0, least_share=1.0, largest_share=1.0)
    record = run(load(tmp_path, uncertainty=Uncertainty(inlet_blockage=blockage)))
    amounts = record.ledgers.set_index(["side", "account"])["amount"]
    assert amounts["outflow", "outfalls"] == pytest.approx(0.0, abs=1e-9)
    runoff = amounts["inflow", "rain"] - amounts["outflow", "infiltration"]
    runoff -= amounts["closing", "surface"]
    assert amounts["closing", "ponded"] == pytest.approx(runoff, rel=1e-9)


def test_all_of_it_at_once_runs_and_is_repeatable(tmp_path):
    inputs = load(tmp_path, uncertainty=EVERYTHING)
    first, again, other = (run(inputs, replication=k) for k in (0, 0, 1))
    assert first.digest() == again.digest()
    assert first.digest() != other.digest()


def test_the_reader_is_told_where_it_acts(tmp_path):
    notes = load(tmp_path, uncertainty=EVERYTHING).notes
    assert any("inlets can clog at 20 of the 20" in note for note in notes)
    assert any("conduits can silt up" in note for note in notes)


@pytest.mark.parametrize("model", [InletBlockage, ConduitBlockage])
def test_a_range_upside_down_is_refused(model):
    with pytest.raises(ValidationError, match="least_share is above largest_share"):
        model(probability=0.1, least_share=0.6, largest_share=0.5)
