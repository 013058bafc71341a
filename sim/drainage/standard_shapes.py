"""The standard sewer shapes, as chains of arcs and lines for one wall (the other mirrors it).

The classical sections (Metcalf & Eddy, *American Sewerage Practice* I, 1914; Chow, *Open-Channel
Hydraulics*, 1959) are given there by construction. Where the construction is fully known (egg,
horseshoe) it is used as it stands. Where only the proportions are (gothic, catenary,
semi-elliptical, basket-handle, semicircular, elliptical and arch pipe), the shape is drawn from
the arcs its name states, and the one or two free proportions are set so that the full area and
the full hydraulic radius equal the published ratios of the EPA SWMM 5 reference manual,
volume II, appendix on cross-sections. Each function's docstring gives those ratios; the gap to
them stays below 0.6 % (`tests/analytic/test_sections.py`). All take the full depth ``h`` in m.
"""

from __future__ import annotations

import math

from sim.drainage.profiles import Arc, HangingArch, Line, Piece

Wall = tuple[Piece, ...]


def circle(h: float, from_m: float = 0.0) -> Wall:
    """A circle of diameter `h`, optionally only the part above ``from_m``; depth starts there."""
    return (Arc(0.0, h - from_m, 0.0, 0.5 * h - from_m, 0.5 * h),)


def _invert_arc(half_width: float, rise: float) -> Arc:
    """The flat arc that reaches `half_width` at height `rise`."""
    radius = (half_width**2 + rise**2) / (2.0 * rise)
    return Arc(0.0, rise, 0.0, radius, radius)


def egg(h: float) -> Wall:
    """Standard egg: crown radius ``r = h/3``, sides ``3 r``, invert ``r/2``, all tangent.

    Width 2/3 h; full area 0.5105 h2, hydraulic radius 0.1931 h.
    """
    r = h / 3.0
    contact = 0.5 * r * (1.0 - 1.5 / 2.5)
    return (
        Arc(0.0, contact, 0.0, 0.5 * r, 0.5 * r),
        Arc(contact, 2.0 * r, -2.0 * r, 2.0 * r, 3.0 * r),
        Arc(2.0 * r, h, 0.0, 2.0 * r, r),
    )


def horseshoe(h: float) -> Wall:
    """Standard horseshoe: crown semicircle of radius h/2; sides and invert of radius h.

    Width h; full area 0.8293 h2, hydraulic radius 0.2538 h.
    """
    # Side circle about (-h/2, h/2) meets the invert circle about (0, h): with unit h,
    # x + y = s where both circles hold, which solves to this height.
    corner = h * (3.0 - math.sqrt(7.0)) / 4.0
    return (
        Arc(0.0, corner, 0.0, h, h),
        Arc(corner, 0.5 * h, -0.5 * h, 0.5 * h, h),
        Arc(0.5 * h, h, 0.0, 0.5 * h, 0.5 * h),
    )


def gothic(h: float) -> Wall:
    """Semicircular invert, short upright walls, pointed arch of two arcs springing at 0.486 h.

    Width 0.84 h; full area 0.6554 h2, hydraulic radius 0.2269 h.
    """
    w, spring = 0.42 * h, 0.486 * h
    radius = ((h - spring) ** 2 + w * w) / (2.0 * w)
    return (
        Arc(0.0, w, 0.0, w, w),
        Line(w, spring, w, w),
        Arc(spring, h, w - radius, spring, radius),
    )


def _rounded_invert(half_width: float, waist: float, corner: float) -> tuple[Arc, Arc]:
    """A flat invert arc tangent to corner arcs whose widest point is at height `waist`."""
    a = half_width - corner
    invert = (corner**2 - a * a - waist**2) / (2.0 * (corner - waist))
    contact = invert - invert * (invert - waist) / (invert - corner)
    return (
        Arc(0.0, contact, 0.0, invert, invert),
        Arc(contact, waist, a, waist, corner),
    )


def catenary(h: float) -> Wall:
    """Rounded invert to 0.25 h, upright walls, crown an inverted catenary of parameter 0.235 h.

    Width 0.9 h; full area 0.70277 h2, hydraulic radius 0.23172 h.
    """
    w, c = 0.45 * h, 0.235 * h
    spring = h - c * (math.cosh(w / c) - 1.0)
    return (
        *_rounded_invert(w, 0.25 * h, 0.2 * h),
        Line(0.25 * h, spring, w, w),
        HangingArch(spring, h, c),
    )


def semi_elliptical(h: float) -> Wall:
    """Flat invert arc rising 0.12 h, upright walls to 0.18 h, crown half an ellipse.

    Width h; full area 0.785 h2, hydraulic radius 0.242 h.
    """
    w, rise, spring = 0.5 * h, 0.12 * h, 0.18 * h
    return (
        _invert_arc(w, rise),
        Line(rise, spring, w, w),
        Arc(spring, h, 0.0, spring, h - spring, w),
    )


def basket_handle(h: float) -> Wall:
    """Flat invert arc rising 0.2 h, upright walls to 0.3 h, three-centred crown (radius 0.4 h).

    Full area 0.7862 h2, hydraulic radius 0.2464 h. The width that goes with this area is h; the
    0.944 h quoted beside it would give 6 % less area.
    """
    w, rise, spring, crown = 0.5 * h, 0.2 * h, 0.3 * h, 0.4 * h
    d = h - crown - spring
    side = (w * w + d * d - crown**2) / (2.0 * (w - crown))
    contact = h - crown + crown * d / (side - crown)
    return (
        _invert_arc(w, rise),
        Line(rise, spring, w, w),
        Arc(spring, contact, w - side, spring, side),
        Arc(contact, h, 0.0, h - crown, crown),
    )


def semicircular(h: float) -> Wall:
    """Flat invert arc rising 0.15 h, upright walls to 0.18 h, crown a semicircle of 0.82 h.

    Width 1.64 h; full area 1.2697 h2, hydraulic radius 0.2946 h.
    """
    w = 0.82 * h
    return (
        _invert_arc(w, 0.15 * h),
        Line(0.15 * h, 0.18 * h, w, w),
        Arc(0.18 * h, h, 0.0, 0.18 * h, w),
    )


def _stretched(wall: Wall, factor: float) -> Wall:
    """The arcs of `wall` with every horizontal length multiplied by `factor`."""
    stretched: list[Piece] = []
    for piece in wall:
        if not isinstance(piece, Arc):
            raise TypeError(f"only arcs can be stretched, not {type(piece).__name__}")
        rx = piece.radius_m * factor if factor != 1.0 else None
        stretched.append(
            Arc(piece.bottom_m, piece.top_m, piece.centre_x_m * factor, piece.centre_y_m,
                piece.radius_m, rx)
        )  # fmt: skip
    return tuple(stretched)


# Proportions of concrete elliptical and arch pipe (ASTM C507, C506), long side over short side.
_OVAL_RATIO = 76.0 / 48.0
_OVAL_END = 1.297  # end radius over b2/a of an oval with semi-axes a, b
_ARCH_RATIO = 1.6


def _oval_radii(a: float, b: float) -> tuple[float, float, float]:
    """End radius, flank radius, and distance along b of their contact from the long axis."""
    end = _OVAL_END * b * b / a
    flank = (a * a + b * b - 2.0 * a * end) / (2.0 * (b - end))
    return end, flank, end * (flank - b) / (flank - end)


def horizontal_oval(h: float, width: float) -> Wall:
    """Four-centred oval as in elliptical concrete pipe, wide side level, stretched to `width`.

    Full area 1.2692 h2 and hydraulic radius 0.3061 h at the standard proportion 76:48.
    """
    b, a = 0.5 * h, 0.5 * h * _OVAL_RATIO
    end, flank, rise = _oval_radii(a, b)
    wall: Wall = (
        Arc(0.0, b - rise, 0.0, flank, flank),
        Arc(b - rise, b + rise, a - end, b, end),
        Arc(b + rise, h, 0.0, h - flank, flank),
    )
    return _stretched(wall, width / (h * _OVAL_RATIO))


def vertical_oval(h: float, width: float) -> Wall:
    """The same oval on end. Full area 1.2692 width2, hydraulic radius 0.3061 width at 76:48."""
    a, b = 0.5 * h, 0.5 * h / _OVAL_RATIO
    end, flank, side = _oval_radii(a, b)
    # Contact seen from the end centre: `side` along the short axis, the rest along the long one.
    contact = end - math.sqrt(end * end - side * side)
    wall: Wall = (
        Arc(0.0, contact, 0.0, end, end),
        Arc(contact, h - contact, b - flank, a, flank),
        Arc(h - contact, h, 0.0, h - end, end),
    )
    return _stretched(wall, width * _OVAL_RATIO / h)


def arch(h: float, width: float) -> Wall:
    """Pipe arch: flat invert arc, corner arcs widest at 0.28 h, crown arc; stretched to `width`.

    Full area 0.7879 h width; hydraulic radius 0.2991 h at the standard proportion 1.6.
    """
    w, waist, corner = 0.5 * _ARCH_RATIO * h, 0.28 * h, 0.217 * h
    a, d = w - corner, h - waist
    crown = (a * a + d * d - corner**2) / (2.0 * (d - corner))
    contact = h - crown + crown * (waist - (h - crown)) / (crown - corner)
    invert, foot = _rounded_invert(w, waist, corner)
    wall: Wall = (
        invert,
        Arc(foot.bottom_m, contact, a, waist, corner),
        Arc(contact, h, 0.0, h - crown, crown),
    )
    return _stretched(wall, width / (_ARCH_RATIO * h))
