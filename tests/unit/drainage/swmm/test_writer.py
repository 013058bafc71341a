import datetime as dt
from collections.abc import Callable
from pathlib import Path

import pytest

from sim.drainage.elements import (
    Action,
    Conduit,
    CrossSection,
    Curve,
    Inflow,
    Junction,
    Outfall,
    Premise,
    Rule,
    Series,
    Storage,
    Transect,
)  # fmt: skip
from sim.drainage.network import Network
from sim.drainage.swmm import Imported, read_inp, write_inp
from sim.drainage.swmm.sheet import item, time_text
from sim.drainage.swmm.write_inflows import summed
from sim.drainage.swmm.write_nodes import POND_HEADROOM_M, pond_points
from sim.kernel.errors import InputError

START = dt.datetime(2021, 7, 20, 6, 30)  # noqa: DTZ001  (SWMM knows no time zones)
PIPE = CrossSection(kind="circular", depth_m=1.0)
BASE = Network(
    junctions=(Junction(id="J 1", invert_m=10.0, max_depth_m=3.0),),
    outfalls=(Outfall(id="O", invert_m=8.0),),
    conduits=(
        Conduit(id="C", from_node="J 1", to_node="O", length_m=100.0, roughness_n=0.013,
                section=PIPE),
    ),
)  # fmt: skip


@pytest.fixture
def export(tmp_path: Path) -> Callable[..., Path]:
    def make(network: Network, **options: object) -> Path:
        path = tmp_path / "export.inp"
        times: dict[str, object] = {"start": START, "duration_s": 7200.0, "report_step_s": 300.0}
        write_inp(network, path, **(times | options))  # type: ignore[arg-type]
        return path

    return make


@pytest.fixture
def again(export: Callable[..., Path]) -> Callable[..., Imported]:
    """Write a network and read it back."""

    def make(network: Network, **options: object) -> Imported:
        return read_inp(export(network, **options))

    return make


def test_a_network_reads_back_equal_and_its_text_is_always_the_same(
    export: Callable[..., Path], tmp_path: Path
) -> None:
    path = export(BASE, title="; first\n[second]")
    found = read_inp(path)
    assert found.network == BASE
    assert found.options.title == ". ; first\n. [second]"
    assert (found.options.start, found.options.duration_s) == (START, 7200)
    text = path.read_bytes()
    assert export(BASE, title="; first\n[second]").read_bytes() == text


def test_a_time_zone_is_dropped(again: Callable[..., Imported]) -> None:
    zoned = START.replace(tzinfo=dt.timezone(dt.timedelta(hours=8)))
    assert again(BASE, start=zoned).options.start == START


def test_numbers_and_times_are_written_exactly() -> None:
    assert [item(v) for v in (0.1 + 0.2, 3.0, True, "a b", "")] == [
        "0.30000000000000004", "3", "YES", '"a b"', '""',
    ]  # fmt: skip
    assert time_text(3661.0) == "1:01:01"
    assert float(time_text(0.5)) * 3600 == 0.5
    assert float(time_text(-900.0)) == -0.25


@pytest.mark.parametrize("name", ['a"b', "a;b", "[a]", "a\nb"])
def test_a_name_swmm_cannot_hold_is_refused(again: Callable[..., Imported], name: str) -> None:
    network = BASE.model_copy(update={"outfalls": (Outfall(id=name, invert_m=8.0),)})
    with pytest.raises(InputError, match="SWMM cannot hold this name"):
        again(network)


def test_names_that_differ_in_case_only_are_refused(again: Callable[..., Imported]) -> None:
    more = (*BASE.junctions, Junction(id="j 1", invert_m=9.0))
    with pytest.raises(InputError, match="differ only in case"):
        again(BASE.model_copy(update={"junctions": more}))


def test_unbuilt_works_are_refused(again: Callable[..., Imported]) -> None:
    more = (*BASE.junctions, Junction(id="N", invert_m=9.0, work="W1"))
    with pytest.raises(InputError, match="belongs to the work 'W1'"):
        again(BASE.model_copy(update={"junctions": more}))


def test_the_pond_curve_is_the_manhole_below_and_the_pond_above_the_rim() -> None:
    pond = ((0.0, 50.0), (0.2, 400.0))
    points = pond_points(pond, 2.0, 1.2)
    assert points == (
        (0.0, 1.2), (1.999, 1.2), (2.0, 50.0), (2.2, 400.0), (2.2 + POND_HEADROOM_M, 400.0),
    )  # fmt: skip
    # a pond that starts from nothing, and no manhole at all
    assert pond_points(((0.0, 0.0), (0.2, 400.0)), 2.0, 1.2)[:2] == ((0.0, 1.2), (2.0, 1.2))
    assert pond_points(pond, 0.0, 1.2)[0] == (0.0, 50.0)


def test_a_ponding_junction_becomes_a_storage(again: Callable[..., Imported]) -> None:
    curve = Curve(id="P", kind="ponding", points=((0.0, 50.0), (0.2, 400.0)))
    junction = BASE.junctions[0].model_copy(update={"ponding_curve": "P"})
    street = Conduit(
        id="S", from_node="J 1", to_node="O", length_m=100.0, roughness_n=0.02,
        inlet_offset_m=3.0, outlet_offset_m=1.0, level="street",
        section=CrossSection(kind="rect_open", depth_m=0.3, width_m=8.0),
    )  # fmt: skip
    network = BASE.model_copy(
        update={"junctions": (junction,), "curves": (curve,),
                "conduits": (*BASE.conduits, street)}
    )  # fmt: skip
    found = again(network).network
    assert found.junctions == ()
    storage = found.storages[0]
    assert (storage.id, storage.invert_m) == ("J 1", 10.0)
    assert storage.max_depth_m == pytest.approx(3.2 + POND_HEADROOM_M)
    points = next(c.points for c in found.curves if c.id == storage.curve)
    assert points[2] == (3.0, 50.0)
    assert found.conduits[1] == street  # its offset above the rim and its level survive


def test_a_storage_that_ponds_holds_its_water_above_the_top(again: Callable[..., Imported]) -> None:
    storage = Storage(id="B", invert_m=7.0, max_depth_m=4.0, area_coefficient=10.0,
                      area_exponent=1.0, area_constant_m2=5.0, ponds=True)  # fmt: skip
    found = again(BASE.model_copy(update={"storages": (storage,)})).network
    points = next(c.points for c in found.curves if c.id == found.storages[0].curve)
    assert points[-2] == (4.0, pytest.approx(45.0))
    assert points[-1] == (pytest.approx(4.0 + POND_HEADROOM_M), pytest.approx(45.0))


def test_lateral_inflows_add_to_what_a_node_has(again: Callable[..., Imported]) -> None:
    series = Series(id="Q", points=((0.0, 1.0), (600.0, 3.0)))
    network = BASE.model_copy(update={
        "series": (series,),
        "inflows": (Inflow(node="J 1", series="Q", scale=2.0, baseline_m3s=0.5),
                    Inflow(node="J 1", baseline_m3s=0.25)),
    })  # fmt: skip
    extra = Series(id="any", points=((300.0, 10.0), (900.0, 10.0)))
    found = again(network, lateral_inflows={"J 1": extra}).network
    direct, dry = found.inflows
    assert (direct.baseline_m3s, dry.baseline_m3s) == (0.5, 0.25)
    points = dict(next(s.points for s in found.series if s.id == direct.series))
    assert points[0.0] == 2
    assert points[300.0] == pytest.approx(14)
    assert points[600.0] == pytest.approx(16)
    assert points[900.0] == pytest.approx(10)


def test_the_sum_of_series_is_zero_outside_each() -> None:
    total = dict(summed([((0.0, 1.0), (10.0, 1.0)), ((5.0, 2.0), (20.0, 0.0))]))
    assert total[0.0] == 1
    assert total[5.0 - 1e-3] == 1
    assert total[5.0] == 3
    assert total[10.0 + 1e-3] == pytest.approx(2 * (1 - 5 / 15), abs=1e-3)
    assert total[20.0] == 0


def test_a_pattern_on_a_series_has_no_place_in_swmm(again: Callable[..., Imported]) -> None:
    inflow = Inflow(node="J 1", series="Q", pattern_hourly=(1.0,) * 24, patterns_scale="all")
    series = Series(id="Q", points=((0.0, 1.0),))
    with pytest.raises(InputError, match="cannot multiply an inflow series by a pattern"):
        again(BASE.model_copy(update={"inflows": (inflow,), "series": (series,)}))


def test_rules_read_back_equal(again: Callable[..., Imported]) -> None:
    rule = Rule(
        id="r 1",
        premises=(
            Premise(join="if", object="node", id="J 1", attribute="depth", relation=">", value=0.7),
            Premise(join="or", object="simulation", attribute="clocktime", relation="<",
                    value=5400.0),
            Premise(join="and", object="simulation", attribute="date", relation="=",
                    value=86400.0),
            Premise(join="and", object="link", id="C", attribute="timeopen", relation=">=",
                    value=60.5),
        ),
        then=(Action(link="C", setting=0.0),), otherwise=(Action(link="C", setting=1.0),),
        priority=2.0,
    )  # fmt: skip
    assert again(BASE.model_copy(update={"rules": (rule,)})).network.rules == (rule,)


def test_a_half_open_conduit_is_refused(again: Callable[..., Imported]) -> None:
    rule = Rule(
        id="r",
        premises=(Premise(join="if", object="simulation", attribute="time", relation=">",
                          value=0.0),),
        then=(Action(link="C", setting=0.5),),
    )  # fmt: skip
    with pytest.raises(InputError, match="only opens or closes conduits"):
        again(BASE.model_copy(update={"rules": (rule,)}))


def test_a_surveyed_street_is_written_as_a_transect(again: Callable[..., Imported]) -> None:
    transect = Transect(
        id="T", stations=tuple((float(k), (k - 3.0) ** 2 / 10) for k in range(7)),
        left_bank_m=1.0, right_bank_m=5.0, n_left=0.03, n_channel=0.016, n_right=0.04,
    )  # fmt: skip
    section = CrossSection(kind="street", depth_m=0.9, curve="T")
    conduit = BASE.conduits[0].model_copy(update={"section": section, "level": "street"})
    found = again(BASE.model_copy(update={"conduits": (conduit,), "transects": (transect,)}))
    assert found.network.transects == (transect,)
    assert found.network.conduits[0].level == "street"
    assert found.network.conduits[0].roughness_n == 0.016  # SWMM takes the transect's
