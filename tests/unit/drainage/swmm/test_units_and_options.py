"""Every unit system against the definitions of its units, and what [OPTIONS] becomes."""

from collections.abc import Callable

import pytest

from sim.drainage.swmm import Imported
from sim.kernel.errors import InputErrors

Read = Callable[..., Imported]
FOOT_M = 0.3048

# m3/s of one unit: 231 cubic inches make a US gallon
FLOWS = {
    "CFS": FOOT_M**3,
    "GPM": 231 * 0.0254**3 / 60,
    "MGD": 1e6 * 231 * 0.0254**3 / 86400,
    "CMS": 1.0,
    "LPS": 0.001,
    "MLD": 1000 / 86400,
}
SURFACE = {
    "RAINGAGES": "G INTENSITY 0:05 1 TIMESERIES R",
    "SUBCATCHMENTS": "S G J1 2 50 80 1 0",
    "SUBAREAS": "S 0.01 0.1 0.5 2 25 OUTLET",
    "INFILTRATION": "S 3 0.5 4 7 0",
    "TIMESERIES": "R 0 1\nQ 0 2",
    "INFLOWS": "J1 FLOW Q FLOW 1 1.5 0.5",
}


@pytest.mark.parametrize(("unit", "flow_m3s"), FLOWS.items())
def test_each_unit_system_becomes_si(read: Read, unit: str, flow_m3s: float) -> None:
    metric = unit in ("CMS", "LPS", "MLD")
    length, rain = (1.0, 1.0) if metric else (FOOT_M, 25.4)
    options = f"FLOW_UNITS {unit}\nEND_DATE 01/02/2004\nALLOW_PONDING YES\nMIN_SURFAREA 2"
    found = read(OPTIONS=options, **SURFACE)
    junction, conduit = found.network.junctions[0], found.network.conduits[0]
    assert junction.invert_m == pytest.approx(10 * length)
    assert junction.ponded_area_m2 == pytest.approx(100 * length**2)
    assert conduit.length_m == pytest.approx(100 * length)
    assert conduit.roughness_n == 0.013
    assert found.options.min_surface_area_m2 == pytest.approx(2 * length**2)
    inflow = found.network.inflows[0]
    assert inflow.baseline_m3s == pytest.approx(0.5 * flow_m3s)
    assert inflow.scale == 1.5
    series = {s.id: s.points for s in found.network.series}
    assert series["Q"][0] == (0.0, pytest.approx(2 * flow_m3s))
    assert series["R"][0] == (0.0, pytest.approx(rain))
    surface = found.network.subcatchments[0]
    assert surface.area_ha == pytest.approx(2.0 if metric else 2 * 43560 * FOOT_M**2 / 1e4)
    assert surface.width_m == pytest.approx(80 * length)
    assert surface.storage_pervious_mm == pytest.approx(2 * rain)
    assert surface.infiltration.max_rate_mm_h == pytest.approx(3 * rain)
    assert surface.infiltration.decay_per_h == 4


@pytest.mark.parametrize("unit", ["CFS", "CMS"])
def test_weir_and_outlet_coefficients_give_the_same_flow_in_si(read: Read, unit: str) -> None:
    """Q = C L H^1.5 and Q = a H^b with lengths of 2 and heads of 1.5 in the file's units."""
    found = read(
        OPTIONS=f"FLOW_UNITS {unit}\nEND_DATE 01/02/2004",
        OUTFALLS="OUT 8 FREE\nO2 1 FREE\nO3 1 FREE",
        WEIRS="W J1 O2 TRANSVERSE 0 3.3",
        OUTLETS="D J2 O3 0 FUNCTIONAL/HEAD 0.7 0.6",
        XSECTIONS="+W RECT_OPEN 1 2 0 0",
    )
    length, flow = (FOOT_M, FOOT_M**3) if unit == "CFS" else (1.0, 1.0)
    weir, outlet = found.network.weirs[0], found.network.outlets[0]
    head_m = 1.5 * length
    assert weir.discharge_coefficient * weir.section.width_m * head_m**1.5 == pytest.approx(
        3.3 * 2 * 1.5**1.5 * flow
    )
    assert outlet.head == "head"
    assert outlet.coefficient * head_m**outlet.exponent == pytest.approx(0.7 * 1.5**0.6 * flow)


def test_times_steps_and_defaults(read: Read) -> None:
    options = read(
        OPTIONS="START_DATE 02/28/2020\nSTART_TIME 23:30\nEND_DATE MAR/01/2020\nEND_TIME 1:00:30\n"
        "FLOW_ROUTING DW\nROUTING_STEP 0:00:07.5\nWET_STEP 0:02:00\nMIN_SURFAREA 0\nMAX_TRIALS 0"
    ).options
    assert options.start.isoformat() == "2020-02-28T23:30:00"
    assert options.duration_s == 86400 + 5430
    assert options.flow_units == "CFS"
    assert options.routing == "DYNWAVE"
    assert options.routing_step_s == 7
    assert options.wet_step_s == 120
    assert options.min_surface_area_m2 == 1.167
    assert options.max_trials == 8


def test_kinematic_routing_is_noted(read: Read) -> None:
    found = read(OPTIONS="FLOW_ROUTING KINWAVE\nEND_DATE 01/02/2004")
    assert found.options.routing == "KINWAVE"
    assert any("run as a dynamic wave" in note.text for note in found.notes)


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("END_DATE 07/19/2021", "the run ends before it starts"),
        ("ROUTING_STEP soon", "ROUTING_STEP is not a time step"),
        ("VARIABLE_STEP 3", "VARIABLE_STEP is too large"),
        ("MIN_SURFAREA nan", "MIN_SURFAREA is not a number"),
        ("COLOUR BLUE", "the option is unknown"),
        ("START_DATE 13/45/2021", "START_DATE is not a date"),
        ("IGNORE_ROUTING YES", "without flow routing is not supported"),
    ],
)
def test_bad_options_name_their_line(read: Read, line: str, message: str) -> None:
    with pytest.raises(InputErrors) as error:
        read(OPTIONS=f"START_DATE 07/20/2021\nEND_DATE 07/21/2021\n{line}")
    assert message in str(error.value)
    assert "[OPTIONS] line" in str(error.value)
