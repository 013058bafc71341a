"""Cross-sections against closed forms, against their own derivatives, and published ratios."""

from __future__ import annotations

import math

import numpy as np
import pytest

from sim.drainage.elements import CrossSection, Curve, Transect
from sim.drainage.sections import SectionGeometry, section_table
from sim.kernel.errors import InputError

SHAPE = Curve(id="C", kind="shape", points=((0.0, 0.4), (0.3, 1.0), (0.6, 1.2), (1.0, 0.5)))
VALLEY = Transect(
    id="T",
    stations=((0.0, 3.0), (2.0, 2.2), (10.0, 2.0), (12.0, 0.5), (14.0, 0.0), (16.0, 0.4),
              (18.0, 2.0), (26.0, 2.3), (30.0, 3.0)),
    left_bank_m=10.0, right_bank_m=18.0, n_left=0.06, n_channel=0.03, n_right=0.08,
)  # fmt: skip

SECTIONS = [
    CrossSection(kind="circular", depth_m=1.2),
    CrossSection(kind="filled_circular", depth_m=1.2, fill_depth_m=0.3),
    CrossSection(kind="rect_closed", depth_m=1.0, width_m=1.5),
    CrossSection(kind="rect_open", depth_m=1.0, width_m=1.5),
    CrossSection(kind="trapezoidal", depth_m=1.0, width_m=1.5, side_slope_left=1.0,
                 side_slope_right=2.0),
    CrossSection(kind="triangular", depth_m=1.0, width_m=1.5),
    CrossSection(kind="parabolic", depth_m=1.0, width_m=1.5),
    CrossSection(kind="power", depth_m=1.0, width_m=1.5, exponent=3.0),
    CrossSection(kind="power", depth_m=1.0, width_m=1.5, exponent=0.6),
    CrossSection(kind="rect_triangular", depth_m=1.0, width_m=1.5, bottom_depth_m=0.3),
    CrossSection(kind="rect_round", depth_m=1.0, width_m=1.5, bottom_radius_m=1.0),
    CrossSection(kind="modified_basket", depth_m=1.0, width_m=1.5, bottom_radius_m=1.0),
    CrossSection(kind="egg", depth_m=1.5),
    CrossSection(kind="horseshoe", depth_m=1.5),
    CrossSection(kind="gothic", depth_m=1.5),
    CrossSection(kind="catenary", depth_m=1.5),
    CrossSection(kind="semielliptical", depth_m=1.5),
    CrossSection(kind="baskethandle", depth_m=1.5),
    CrossSection(kind="semicircular", depth_m=1.5),
    CrossSection(kind="horiz_ellipse", depth_m=1.2, width_m=1.9),
    CrossSection(kind="vert_ellipse", depth_m=1.9, width_m=1.2),
    CrossSection(kind="arch", depth_m=1.0, width_m=2.0),
    CrossSection(kind="irregular", curve="T"),
    CrossSection(kind="street", curve="T"),
    CrossSection(kind="custom", depth_m=1.5, curve="C"),
]  # fmt: skip
each_section = pytest.mark.parametrize("section", SECTIONS, ids=lambda s: s.kind)


def geometry(section: CrossSection) -> SectionGeometry:
    return SectionGeometry.of(section, {"C": SHAPE}, {"T": VALLEY})


def test_circle_is_the_circular_segment() -> None:
    g = geometry(SECTIONS[0])
    r, y = 0.6, np.linspace(0.0, 1.2, 241)
    angle = 2.0 * np.arccos(1.0 - y / r)
    np.testing.assert_allclose(g.area(y), r * r * (angle - np.sin(angle)) / 2, atol=1e-14)
    np.testing.assert_allclose(g.wetted_perimeter(y), r * angle, atol=1e-13)
    np.testing.assert_allclose(g.width(y), 2 * r * np.sin(angle / 2), atol=1e-7)
    assert g.full_area_m2 == pytest.approx(math.pi * 0.36, rel=1e-14)
    assert g.full_hydraulic_radius_m == pytest.approx(0.3, rel=1e-14)


def test_shallow_water_in_a_circle_keeps_its_relative_precision() -> None:
    """A(y) -> (4/3) sqrt(2 r) y^1.5 (1 - 3 y / (20 r)) as y -> 0: no cancellation."""
    y = np.array([1e-12, 1e-9, 1e-7])
    expected = 4 / 3 * np.sqrt(1.2) * y**1.5 * (1 - 3 * y / 12)
    np.testing.assert_allclose(geometry(SECTIONS[0]).area(y), expected, rtol=1e-12)


def test_sediment_lifts_the_invert_of_a_pipe() -> None:
    pipe, filled = geometry(SECTIONS[0]), geometry(SECTIONS[1])
    y = np.linspace(0.0, 0.9, 10)
    assert filled.full_depth_m == pytest.approx(0.9)
    np.testing.assert_allclose(filled.area(y), pipe.area(y + 0.3) - pipe.area(0.3), atol=1e-14)
    np.testing.assert_allclose(
        filled.wetted_perimeter(y),
        pipe.wetted_perimeter(y + 0.3) - pipe.wetted_perimeter(0.3) + pipe.width(0.3),
        atol=1e-14,
    )


def test_trapezoid_and_triangle() -> None:
    y = np.linspace(0.0, 1.0, 11)
    g = geometry(SECTIONS[4])
    np.testing.assert_allclose(g.area(y), 1.5 * y + 1.5 * y * y, rtol=1e-14)
    np.testing.assert_allclose(
        g.wetted_perimeter(y), 1.5 + y * (math.sqrt(2) + math.sqrt(5)), rtol=1e-14
    )
    triangle = geometry(SECTIONS[5])
    np.testing.assert_allclose(triangle.area(y), 0.75 * y * y, rtol=1e-14)
    np.testing.assert_allclose(triangle.wetted_perimeter(y), 2 * y * math.hypot(1, 0.75))


def test_parabola_has_its_closed_arc_length() -> None:
    """For x = k sqrt(y): P = k^2/2 (s sqrt(1 + s^2) + asinh s), s = 2 sqrt(y)/k."""
    g, y = geometry(SECTIONS[6]), np.linspace(0.01, 1.0, 25)
    k = 0.75
    s = 2 * np.sqrt(y) / k
    np.testing.assert_allclose(g.area(y), 4 / 3 * k * y**1.5, rtol=1e-14)
    np.testing.assert_allclose(
        g.wetted_perimeter(y), k * k / 2 * (s * np.hypot(1, s) + np.arcsinh(s)), rtol=1e-12
    )


def test_a_box_counts_its_lid_only_when_full() -> None:
    g = geometry(SECTIONS[2])
    assert g.wetted_perimeter(0.9) == pytest.approx(1.5 + 1.8)
    assert g.full_hydraulic_radius_m == pytest.approx(1.5 / 5.0)
    assert g.width(5.0) == pytest.approx(1.5)
    assert not geometry(SECTIONS[3]).closed
    assert geometry(SECTIONS[3]).full_hydraulic_radius_m == pytest.approx(1.5 / 3.5)


@each_section
def test_area_is_the_integral_of_the_width(section: CrossSection) -> None:
    g = geometry(section)
    edges = np.linspace(0.0, g.full_depth_m, 4001)
    middle = 0.5 * (edges[1:] + edges[:-1])
    summed = np.concatenate(([0.0], np.cumsum(g.width(middle) * np.diff(edges))))
    np.testing.assert_allclose(g.area(edges), summed, atol=2e-5 * g.full_area_m2)
    assert np.all(np.diff(g.area(edges)) > 0.0)


@pytest.mark.parametrize(
    "section",
    # Of the others the width is not twice the distance of one wall from the axis.
    [s for s in SECTIONS if s.kind not in ("irregular", "street", "trapezoidal")],
    ids=lambda s: s.kind,
)
def test_the_perimeter_is_the_length_of_the_wall(section: CrossSection) -> None:
    """Chords of the outline add up to the perimeter, short of a flat lid."""
    g = geometry(section)
    y = g.full_depth_m * 0.5 * (1.0 - np.cos(np.linspace(0.0, math.pi, 20001)))
    x = 0.5 * g.width(y)
    chords = x[0] + np.concatenate(([0.0], np.cumsum(np.hypot(np.diff(x), np.diff(y)))))
    below = g.area(y) < 0.96 * g.full_area_m2
    np.testing.assert_allclose(
        g.wetted_perimeter(y)[below], 2.0 * chords[below], atol=3e-4 * g.full_depth_m
    )


PUBLISHED = {  # kind: area / h2, hydraulic radius / h, width / h (EPA SWMM 5 reference manual II)
    "egg": (0.5105, 0.1931, 2 / 3),
    "horseshoe": (0.8293, 0.2538, 1.0),
    "gothic": (0.6554, 0.2269, 0.84),
    "catenary": (0.70277, 0.23172, 0.9),
    "semielliptical": (0.785, 0.242, 1.0),
    "baskethandle": (0.7862, 0.2464, 1.0),
    "semicircular": (1.2697, 0.2946, 1.64),
}


@pytest.mark.parametrize("kind", PUBLISHED)
def test_standard_shapes_have_their_published_proportions(kind: str) -> None:
    area, radius, width = PUBLISHED[kind]
    g = SectionGeometry.of(CrossSection.model_validate({"kind": kind, "depth_m": 2.0}))
    assert g.full_area_m2 == pytest.approx(4 * area, rel=0.003)
    assert g.full_hydraulic_radius_m == pytest.approx(2 * radius, rel=0.006)
    assert g.max_width_m == pytest.approx(2 * width, rel=1e-6)


def test_elliptical_and_arch_pipe_at_their_standard_proportions() -> None:
    oval = SectionGeometry.of(CrossSection(kind="horiz_ellipse", depth_m=4.8, width_m=7.6))
    upright = SectionGeometry.of(CrossSection(kind="vert_ellipse", depth_m=7.6, width_m=4.8))
    arch = SectionGeometry.of(CrossSection(kind="arch", depth_m=1.0, width_m=1.6))
    assert oval.full_area_m2 == pytest.approx(1.2692 * 4.8**2, rel=0.002)
    assert oval.full_hydraulic_radius_m == pytest.approx(0.3061 * 4.8, rel=0.004)
    assert upright.full_area_m2 == pytest.approx(oval.full_area_m2, rel=1e-12)
    assert upright.full_hydraulic_radius_m == pytest.approx(oval.full_hydraulic_radius_m)
    assert arch.full_area_m2 == pytest.approx(0.7879 * 1.6, rel=0.002)
    assert arch.full_hydraulic_radius_m == pytest.approx(0.2991, rel=0.002)
    assert (oval.max_width_m, arch.max_width_m) == pytest.approx((7.6, 1.6), rel=1e-6)


def test_a_transect_adds_the_conveyance_of_its_subsections() -> None:
    """At 3 m: left overbank, channel and right overbank summed by hand."""
    g = geometry(SECTIONS[22])
    left_area = 2 * 0.8 / 2 + 8 * (0.8 + 1.0) / 2
    left_wet = math.hypot(2, 0.8) + math.hypot(8, 0.2)
    channel_area = 2 * (1 + 2.5) / 2 + 2 * (2.5 + 3) / 2 + 2 * (3 + 2.6) / 2 + 2 * (2.6 + 1) / 2
    channel_wet = math.hypot(2, 1.5) + math.hypot(2, 0.5) + math.hypot(2, 0.4) + math.hypot(2, 1.6)
    right_area = 8 * (1 + 0.7) / 2 + 4 * 0.7 / 2
    right_wet = math.hypot(8, 0.3) + math.hypot(4, 0.7)
    conveyance = sum(
        a * (a / p) ** (2 / 3) / n
        for a, p, n in (
            (left_area, left_wet, 0.06),
            (channel_area, channel_wet, 0.03),
            (right_area, right_wet, 0.08),
        )
    )
    assert g.full_area_m2 == pytest.approx(left_area + channel_area + right_area, rel=1e-13)
    assert g.section_factor(3.0) / g.roughness_n == pytest.approx(conveyance, rel=1e-13)
    assert g.hydraulic_radius(3.0) == pytest.approx((0.03 * conveyance / g.full_area_m2) ** 1.5)


def test_an_island_splits_a_transect_and_a_bank_between_stations_counts() -> None:
    twin = Transect(
        id="T", stations=((0.0, 2.0), (1.0, 0.0), (2.0, 1.0), (3.0, 0.0), (4.0, 2.0)),
        left_bank_m=0.0, right_bank_m=4.0, n_left=0.02, n_channel=0.02, n_right=0.02,
    )  # fmt: skip
    g = SectionGeometry.of(CrossSection(kind="irregular", curve="T"), {}, {"T": twin})
    y = 0.5
    area = 0.25 * y / 2 + 0.5 * y / 2
    wet = math.hypot(0.25, y) + math.hypot(0.5, y)
    assert g.section_factor(y) == pytest.approx(2 * area * (area / wet) ** (2 / 3), rel=1e-13)
    rough = twin.model_copy(update={"left_bank_m": 2.5, "n_left": 0.2})
    assert SectionGeometry.of(
        CrossSection(kind="irregular", curve="T"), {}, {"T": rough}
    ).section_factor(1.9) < 0.7 * g.section_factor(1.9)


def test_tables_and_clipping() -> None:
    g = geometry(SECTIONS[0])
    table = section_table(g, 51)
    assert table.y_m.shape == table.section_factor.shape == (51,)
    np.testing.assert_allclose(table.hydraulic_radius_m[1:],
                               table.area_m2[1:] / table.perimeter_m[1:])  # fmt: skip
    assert g.area(9.0) == g.full_area_m2
    assert g.area(-1.0) == 0.0
    assert g.hydraulic_radius(0.0) == 0.0


@pytest.mark.parametrize(
    ("section", "text"),
    [
        (CrossSection(kind="circular"), "depth_m is missing"),
        (CrossSection(kind="rect_closed", depth_m=1.0), "width_m is missing"),
        (CrossSection(kind="power", depth_m=1.0, width_m=1.0), "exponent is missing"),
        (CrossSection(kind="filled_circular", depth_m=1.0, fill_depth_m=1.0), "sediment"),
        (CrossSection(kind="irregular", curve="X"), "no such transect"),
        (CrossSection(kind="custom", depth_m=1.0, curve="X"), "no such shape curve"),
        (CrossSection(kind="trapezoidal", depth_m=1.0), "no width"),
    ],
)
def test_impossible_sections_are_refused(section: CrossSection, text: str) -> None:
    with pytest.raises(InputError, match=text) as error:
        SectionGeometry.of(section, {"C": SHAPE}, {"T": VALLEY}, where="conduit K")
    assert "conduit K" in str(error.value)


def test_crossed_transects_are_refused() -> None:
    for change, text in (
        ({"left_bank_m": 20.0}, "left bank"),
        ({"stations": ((0.0, 1.0), (2.0, 0.0), (1.0, 1.0))}, "backwards"),
        ({"stations": ((0.0, 1.0), (2.0, 1.0), (3.0, 1.0))}, "no depth"),
    ):
        bad = VALLEY.model_copy(update=change)
        with pytest.raises(InputError, match=text):
            SectionGeometry.of(CrossSection(kind="street", curve="T"), {}, {"T": bad})
