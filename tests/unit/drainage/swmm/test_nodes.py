import math
from collections.abc import Callable

import pytest

from sim.drainage.swmm import Imported
from sim.kernel.errors import InputErrors

Read = Callable[..., Imported]


def test_ponded_area_counts_only_with_allow_ponding(read: Read) -> None:
    assert read().network.junctions[0].ponded_area_m2 == 100
    without = read(OPTIONS="FLOW_UNITS CMS\nEND_DATE 01/02/2004\nALLOW_PONDING NO")
    assert without.network.junctions[0].ponded_area_m2 == 0
    assert any("ALLOW_PONDING is NO" in note.text for note in without.notes)


def test_a_rim_under_a_crown_is_raised_and_noted(read: Read) -> None:
    found = read(JUNCTIONS="J1 10 0.5\nJ2 9 0")
    assert [j.max_depth_m for j in found.network.junctions] == [1.0, 1.0]
    # a depth of 0 asks for the crown; only the other one is a change
    raised = [note for note in found.notes if "raised from" in note.text]
    assert [note.section for note in raised] == ["JUNCTIONS"]


def test_a_divider_is_a_noted_junction(read: Read) -> None:
    found = read(JUNCTIONS="J1 10 3", DIVIDERS="J2 9 C2 WEIR 1 2 3 4 0.5")
    divider = found.network.junctions[1]
    assert (divider.id, divider.max_depth_m, divider.initial_depth_m) == ("J2", 4, 0.5)
    assert any("WEIR divider" in note.text for note in found.notes)


def test_storage_shapes(read: Read) -> None:
    """Areas against the solids' geometry at 1.5 m depth."""
    found = read(
        STORAGE="T 5 4 1 TABULAR A 0 0\nF 5 4 0 FUNCTIONAL 3 0.5 7 0.2\n"
        "CY 5 4 0 CYLINDRICAL 4 6 0\nPA 5 4 0 PARABOLIC 4 6 3\n"
        "CO 5 4 0 CONICAL 4 6 2\nPY 5 4 0 PYRAMIDAL 4 6 2",
        CURVES="A STORAGE 1 10 2 30",
    )
    curves = {curve.id: curve.points for curve in found.network.curves}
    storages = {s.id: s for s in found.network.storages}
    # below its first point SWMM lets the area fall to 0; above the last it keeps the slope
    assert curves["A"] == ((0, 0), (1, 10), (2, 30), (4, 70))
    assert storages["T"].initial_depth_m == 1
    assert storages["F"].surcharge_depth_m == 0.2

    def area(name: str) -> float:
        s = storages[name]
        if s.curve is None:
            return s.area_coefficient * 1.5**s.area_exponent + s.area_constant_m2
        points = curves[s.curve]
        k = next(k for k, p in enumerate(points) if p[0] >= 1.5)
        (x0, a0), (x1, a1) = points[k - 1], points[k]
        return a0 + (a1 - a0) * (1.5 - x0) / (x1 - x0)

    assert area("F") == pytest.approx(3 * 1.5**0.5 + 7)
    assert area("CY") == pytest.approx(math.pi * 2 * 3)
    assert area("PA") == pytest.approx(math.pi * 2 * 3 * 1.5 / 3)
    # a truncated elliptic cone: the semi-axes grow by slope * depth in the ratio of the base
    assert area("CO") == pytest.approx(math.pi * (2 + 2 * 1.5) * (3 + 2 * 1.5 * 3 / 2), rel=1e-4)
    assert area("PY") == pytest.approx((4 + 2 * 2 * 1.5) * (6 + 2 * 2 * 1.5), rel=1e-4)


def test_outfall_boundaries(read: Read) -> None:
    found = read(
        OUTFALLS="OUT 8 FREE\nA 1 NORMAL YES\nB 1 FIXED 3.5 NO\nC 1 TIMESERIES ST YES\n"
        "D 1 TIDAL TIDE",
        TIMESERIES="ST 07/19/2021 12:00 4\nST 07/21/2021 0:00 5",
        CURVES="TIDE TIDAL 0 1 12 3 24 1",
    )
    out = {o.id: o for o in found.network.outfalls}
    assert (out["OUT"].boundary, out["OUT"].flap_gate) == ("free", False)
    assert (out["A"].boundary, out["A"].flap_gate) == ("normal", True)
    assert (out["B"].boundary, out["B"].stage_m) == ("fixed", 3.5)
    series = {s.id: s.points for s in found.network.series}
    assert series[out["C"].stage_series] == ((-43200.0, 4.0), (86400.0, 5.0))
    tide = series[out["D"].stage_series]
    assert tide[:2] == ((0.0, 1.0), (43200.0, 3.0))
    assert found.network.curves == ()


def test_coordinates_in_feet_and_degrees_become_metres(read: Read) -> None:
    feet = read(MAP="UNITS Feet", COORDINATES="J1 100 200").network.junctions[0]
    assert (feet.x_m, feet.y_m) == (pytest.approx(30.48), pytest.approx(60.96))
    degrees = read(MAP="UNITS Degrees", COORDINATES="J1 114.30 35.75\nJ2 114.30 35.76").network
    north = degrees.junctions[1].y_m - degrees.junctions[0].y_m
    assert north == pytest.approx(1112, abs=1)  # a hundredth of a degree of latitude


@pytest.mark.parametrize(
    ("section", "line", "message"),
    [
        ("JUNCTIONS", "J1 10 -3", "the maximum depth is too small"),
        ("JUNCTIONS", "J1 ten 3", "the invert is not a number"),
        ("JUNCTIONS", "J1 10 3\nj1 11 3", "the node is defined twice"),
        ("OUTFALLS", "OUT 8 SIDEWAYS", "the outfall type is unknown"),
        ("OUTFALLS", "OUT 8 FIXED 3 NO S1", "onto a subcatchment is not supported"),
        ("STORAGE", "S 1 2 0 FUNCTIONAL 1 1", "the line ends before a parameter"),
        ("STORAGE", "S 1 2 0 FUNCTIONAL 1 1 5 0 0 0.1", "seepage out of a storage"),
        ("STORAGE", "S 1 2 0 TABULAR NOPE", "no curve has this id"),
    ],
)
def test_bad_nodes_name_their_line(read: Read, section: str, line: str, message: str) -> None:
    with pytest.raises(InputErrors) as error:
        read(**{section: line})
    found = next(e for e in error.value.errors if message in str(e))
    assert found.where.startswith(f"[{section}] line ")
