"""What a scenario's drainage section makes a run read."""

import pytest

from sim.drainage.elements import (
    Horton,
    Inflow,
    Outfall,
    Outlet,
    RainGauge,
    Series,
    Storage,
    Subcatchment,
    Work,
)
from sim.drainage.inputs import chosen_works
from sim.drainage.network import Network
from sim.drainage.spec import ChicagoRain, DrainageSpec, GaugeRain, NetworkRain
from sim.drainage.storm_formula import FORMULAS_FILE
from sim.drainage.system import SYSTEM
from sim.drainage.tables import write_tables
from sim.kernel.errors import InputErrors
from tests.unit.drainage.test_model import START

HOUR = 3600.0


def network(**changes) -> Network:
    parts = {
        "storages": (Storage(id="A", invert_m=0.0, max_depth_m=5.0, area_constant_m2=100.0),),
        "outfalls": (Outfall(id="O", invert_m=-1.0),),
        "outlets": (Outlet(id="L", from_node="A", to_node="O", coefficient=1.0, exponent=1.0),),
        "inflows": (Inflow(node="A", baseline_m3s=0.1),),
        "subcatchments": (
            Subcatchment(id="S", gauge="used", outlet="A", area_ha=1.0, impervious_percent=50.0,
                         width_m=100.0, slope_percent=1.0, n_impervious=0.013, n_pervious=0.1,
                         storage_impervious_mm=1.0, storage_pervious_mm=2.0,
                         infiltration=Horton(max_rate_mm_h=20.0, min_rate_mm_h=5.0,
                                             decay_per_h=4.0, drying_time_d=7.0)),
        ),
        "gauges": tuple(
            RainGauge(id=name, form="intensity", interval_s=600.0, series="rain")
            for name in ("used", "unused")
        ),
        "series": (Series(id="rain", points=((0.0, 10.0),)),),
    }  # fmt: skip
    return Network(**(parts | changes))


def load(folder, **spec):
    write_tables(spec.pop("network", network()), folder / "net")
    return SYSTEM.load(DrainageSpec(network="net", **spec), folder, START, HOUR)


def test_the_formulas_are_among_the_files_of_a_design_storm(tmp_path):
    rain = ChicagoRain(formula="xinxiang", return_period_years=20, duration_min=120)
    assert FORMULAS_FILE in load(tmp_path, rain=rain).files
    assert FORMULAS_FILE not in load(tmp_path, rain=NetworkRain()).files


def test_a_gauge_that_nothing_reads_has_no_rain(tmp_path):
    assert list(load(tmp_path, rain=NetworkRain()).rain) == ["used"]
    bare = network(subcatchments=())
    assert set(load(tmp_path, rain=NetworkRain(), network=bare).rain) == {"used", "unused"}


def test_uneven_rows_of_a_gauge_are_told(tmp_path):
    rows = ["12:00", "12:05", "12:15"]
    text = "time,value\n" + "".join(f"2021-07-20T{t}+08:00,1\n" for t in rows)
    (tmp_path / "rain.csv").write_text(text)
    notes = load(tmp_path, rain=GaugeRain(file="rain.csv", unit="mm/h")).notes
    assert any("not evenly spaced" in note and "5 min" in note for note in notes)


def test_a_node_that_starts_above_its_rim_is_refused(tmp_path):
    full = network().storages[0].model_copy(update={"initial_depth_m": 5.5})
    with pytest.raises(InputErrors, match="storages/A/initial_depth_m") as refused:
        load(tmp_path, rain=NetworkRain(), network=network(storages=(full,)))
    assert "at most 5.0 m" in str(refused.value)


@pytest.mark.parametrize(
    ("works", "built"),
    [("none", set()), ("all", {"W1", "C1"}), ("works", {"W1"}), ("channels", {"C1"})],
)
def test_works_and_channels_can_be_built_apart(works, built):
    catalogue = (
        Work(id="W1", name_en="W", name_zh="W", kind="work", cost_million_cny=1.0),
        Work(id="C1", name_en="C", name_zh="C", kind="channel", cost_million_cny=1.0),
    )
    spec = DrainageSpec(network="net", works=works, rain=NetworkRain())
    assert set(chosen_works(spec, network(works=catalogue))) == built
