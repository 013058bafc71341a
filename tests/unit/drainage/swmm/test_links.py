from collections.abc import Callable

import pytest

from sim.drainage.swmm import Imported
from sim.kernel.errors import InputErrors

Read = Callable[..., Imported]


def test_offsets_from_elevations(read: Read) -> None:
    found = read(
        OPTIONS="FLOW_UNITS CMS\nEND_DATE 01/02/2004\nLINK_OFFSETS ELEVATION",
        CONDUITS="C1 J1 J2 100 0.013 10.4 *\nC2 J2 OUT 100 0.013 9 7.5",
    )
    first, second = found.network.conduits
    assert (first.inlet_offset_m, first.outlet_offset_m) == (pytest.approx(0.4), 0)
    assert (second.inlet_offset_m, second.outlet_offset_m) == (0, 0)
    assert any("under the invert is raised" in note.text for note in found.notes)


def test_losses_flows_and_barrels(read: Read) -> None:
    conduit = read(
        OPTIONS="FLOW_UNITS LPS\nEND_DATE 01/02/2004",
        CONDUITS="C1 J1 J2 100 0.013 0.1 0.2 5 30\nC2 J2 OUT 100 0.013 0 0",
        XSECTIONS="C1 CIRCULAR 1 0 0 0 3\nC2 CIRCULAR 1 0 0 0",
        LOSSES="c1 0.5 1 0.2 YES 2.5",
    ).network.conduits[0]
    assert (conduit.initial_flow_m3s, conduit.max_flow_m3s) == (0.005, 0.03)
    assert (conduit.entry_loss, conduit.exit_loss, conduit.average_loss) == (0.5, 1, 0.2)
    assert (conduit.barrels, conduit.flap_gate, conduit.seepage_mm_h) == (3, True, 2.5)


@pytest.mark.parametrize(
    ("shape", "expected"),
    [
        ("EGG 2 0 0 0", {"kind": "egg", "depth_m": 2}),
        ("FILLED_CIRCULAR 2 0.3 0 0", {"kind": "filled_circular", "fill_depth_m": 0.3}),
        ("TRAPEZOIDAL 2 3 1 2", {"width_m": 3, "side_slope_left": 1, "side_slope_right": 2}),
        ("RECT_TRIANGULAR 2 3 0.5 0", {"kind": "rect_triangular", "bottom_depth_m": 0.5}),
        ("RECT_ROUND 2 3 1 0", {"kind": "rect_round", "bottom_radius_m": 1.5}),
        ("MODBASKETHANDLE 2 3 2 0", {"kind": "modified_basket", "bottom_radius_m": 2}),
        ("POWER 2 3 1.5 0", {"kind": "power", "exponent": 1.5}),
        ("HORIZ_ELLIPSE 2 3 0 0", {"kind": "horiz_ellipse", "width_m": 3}),
        ("CUSTOM 2 SH 0 0", {"kind": "custom", "curve": "SH"}),
    ],
)
def test_cross_sections(read: Read, shape: str, expected: dict[str, object]) -> None:
    found = read(XSECTIONS=f"C1 {shape}\nC2 CIRCULAR 1 0 0 0", CURVES="SH SHAPE 0 0.5 0.5 1 1 0.2")
    section = found.network.conduits[0].section
    assert {name: getattr(section, name) for name in expected} == expected


def test_an_irregular_channel_takes_its_transect_with_all_modifiers(read: Read) -> None:
    """Meander 1.44: the conduit is shortened to the flood plain, n grows by the root."""
    found = read(
        TRANSECTS="NC 0.05 0.06 0.03\nX1 T 4 1 3 0 0 1.44 2 10\nGR 3 0 1 1 1 3 3 4\nNC 0 0 0",
        XSECTIONS="C1 IRREGULAR T\nC2 CIRCULAR 1 0 0 0",
    )
    transect, conduit = found.network.transects[0], found.network.conduits[0]
    assert transect.stations == ((0, 13), (2, 11), (6, 11), (8, 13))
    assert (transect.left_bank_m, transect.right_bank_m) == (2, 6)
    assert (transect.n_left, transect.n_right) == (0.05, 0.06)
    assert transect.n_channel == pytest.approx(0.03 * 1.2)
    assert conduit.roughness_n == transect.n_channel
    assert conduit.length_m == pytest.approx(100 / 1.44)
    assert conduit.section.depth_m == 2


def test_a_street_becomes_a_transect_and_its_conduit_a_street(read: Read) -> None:
    """Half width 5 m, curb 0.2 m, 2 % cross slope, gutter 0.5 m wide and 0.05 m deep."""
    found = read(
        STREETS="ST 5 0.2 2 0.016 0.05 0.5 2 3 4 0.02",
        XSECTIONS="C1 STREET ST\nC2 CIRCULAR 1 0 0 0",
    )
    transect, conduit = found.network.transects[0], found.network.conduits[0]
    assert conduit.level == "street"
    half = [(0, 0.37), (3, 0.25), (3, 0), (3.5, 0.06), (8, 0.15)]
    mirrored = [(16 - x, z) for x, z in reversed(half[:-1])]
    expected = [pytest.approx(p) for p in half + mirrored]
    assert list(transect.stations) == expected
    assert (transect.left_bank_m, transect.right_bank_m) == (3, 13)
    assert (transect.n_channel, transect.n_left) == (0.016, 0.02)


def test_pumps_of_every_type_scale_their_curve(read: Read) -> None:
    curves = "".join(f"P{k} PUMP{k} 1 10 2 20\n" for k in range(1, 6))
    pumps = "".join(f"K{k} J1 J2 P{k} OFF 2 1\n" for k in range(1, 6)) + "K6 J1 J2 *"
    found = read(OPTIONS="END_DATE 01/02/2004", CURVES=curves, PUMPS=pumps).network
    assert [p.pump_type for p in found.pumps] == [f"type{k}" for k in range(1, 6)] + ["ideal"]
    assert (found.pumps[0].initially_on, found.pumps[5].initially_on) == (False, True)
    assert found.pumps[0].startup_depth_m == pytest.approx(2 * 0.3048)
    points = {c.id: c.points[0] for c in found.curves}
    flow = 10 * 0.3048**3
    assert points["P1"] == (pytest.approx(0.3048**3), pytest.approx(flow))  # volume
    assert points["P3"] == (pytest.approx(0.3048), pytest.approx(flow))  # head


def test_a_regulator_crest_is_not_under_the_downstream_invert(read: Read) -> None:
    found = read(
        JUNCTIONS="J1 10 3\nJ2 10.5 3",
        ORIFICES="O J1 J2 SIDE 0.2 0.65 YES 0.5",
        XSECTIONS="+O RECT_CLOSED 0.5 0.4 0 0",
    )
    orifice = found.network.orifices[0]
    assert orifice.offset_m == 0.5
    assert (orifice.flap_gate, orifice.close_time_s) == (True, 1800)
    assert any("the crest is raised" in note.text for note in found.notes)


@pytest.mark.parametrize(
    ("sections", "place", "message"),
    [
        ({"CONDUITS": "C1 J1 J9 100 0.013 0 0"}, "CONDUITS", "no node has this id (got 'J9')"),
        ({"CONDUITS": "C1 J1 J2 -5 0.013 0 0"}, "CONDUITS", "the length is too small"),
        ({"CONDUITS": "C1 J1 J1 5 0.013 0 0"}, "CONDUITS", "ends where it starts"),
        ({"CONDUITS": "C1 J1 J2 5 0 0 0"}, "CONDUITS", "Manning's n is too small"),
        ({"XSECTIONS": "C1 CIRCULAR 1 0 0 0"}, "CONDUITS", "has no cross section"),
        ({"XSECTIONS": "C1 FORCE_MAIN 1 100 0 0"}, "XSECTIONS", "FORCE_MAIN is not supported"),
        ({"XSECTIONS": "C1 DUMMY 0 0 0 0"}, "XSECTIONS", "DUMMY is not supported"),
        ({"XSECTIONS": "C1 ARCH 12 0 0 0"}, "XSECTIONS", "size code is not supported"),
        ({"XSECTIONS": "C1 CIRCULAR 1 0 0 0 1 4"}, "XSECTIONS", "culvert code"),
        ({"XSECTIONS": "C1 RECT_OPEN 1 2 1 0"}, "XSECTIONS", "without side friction"),
        ({"XSECTIONS": "C1 CIRCULAR 0 0 0 0"}, "XSECTIONS", "the height is too small"),
        ({"PUMPS": "P J1 J2 Q"}, "PUMPS", "no curve has this id"),
        ({"PUMPS": "P J1 J2 Q", "CURVES": "Q RATING 0 1"}, "PUMPS", "is a RATING curve"),
        ({"PUMPS": "P J1 J2 * ON 1 2"}, "PUMPS", "starts no higher than it stops"),
        ({"ORIFICES": "O J1 J2 SIDE 0 0.6", "XSECTIONS": "+O EGG 1 0 0 0"}, "XSECTIONS",
         "an orifice cannot have this shape"),
        ({"WEIRS": "W J1 J2 TRANSVERSE 0 3 NO 0 0 YES 0 PAVED CD",
          "XSECTIONS": "+W RECT_OPEN 1 2 0 0"}, "WEIRS", "a weir coefficient curve"),
        ({"WEIRS": "W J1 J2 ROADWAY 0 3 NO 0 0 YES 6 PAVED",
          "XSECTIONS": "+W RECT_OPEN 1 2 0 0"}, "WEIRS", "roadway weir with a road surface"),
    ],
)  # fmt: skip
def test_bad_links_name_their_line(
    read: Read, sections: dict[str, str], place: str, message: str
) -> None:
    with pytest.raises(InputErrors) as error:
        read(**sections)
    found = next(e for e in error.value.errors if message in str(e))
    assert found.where.startswith(f"[{place}] line ")
