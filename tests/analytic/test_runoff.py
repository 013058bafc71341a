"""Runoff against closed forms: reservoirs, infiltration laws, and the water balance."""

from __future__ import annotations

import math

import numpy as np
import pytest

from sim.drainage import infiltration
from sim.drainage.elements import CurveNumber, GreenAmpt, Horton, Junction, Subcatchment
from sim.drainage.network import Network
from sim.drainage.overland import drain
from sim.drainage.runoff import Runoff
from sim.kernel.errors import InputError

Soil = Horton | GreenAmpt | CurveNumber
HORTON = Horton(max_rate_mm_h=75.0, min_rate_mm_h=5.0, decay_per_h=4.0, drying_time_d=7.0)
MODIFIED = HORTON.model_copy(update={"method": "modified_horton"})
GREEN = GreenAmpt(suction_head_mm=110.0, conductivity_mm_h=6.0, initial_deficit=0.25)
MODIFIED_GREEN = GREEN.model_copy(update={"method": "modified_green_ampt"})
CURVE = CurveNumber(curve_number=75.0, drying_time_d=5.0)
TIGHT = Horton(max_rate_mm_h=0.0, min_rate_mm_h=0.0, decay_per_h=0.0, drying_time_d=1.0)
SOILS: list[Soil] = [
    HORTON,
    HORTON.model_copy(update={"max_volume_mm": 12.0}),
    MODIFIED,
    MODIFIED.model_copy(update={"max_volume_mm": 8.0}),
    GREEN,
    MODIFIED_GREEN,
    CURVE,
    TIGHT,
]
MM_H = 1e-3 / 3600.0


def subcatchment(name: str = "S", **changes: object) -> Subcatchment:
    values: dict[str, object] = {
        "id": name, "gauge": "G", "outlet": "J", "area_ha": 2.0, "impervious_percent": 50.0,
        "width_m": 200.0, "slope_percent": 1.0, "n_impervious": 0.013, "n_pervious": 0.15,
        "storage_impervious_mm": 1.5, "storage_pervious_mm": 4.0, "infiltration": HORTON,
    }  # fmt: skip
    return Subcatchment.model_validate(values | changes)


def runoff(*subcatchments: Subcatchment, nodes: tuple[str, ...] = ("J",)) -> Runoff:
    junctions = tuple(Junction(id=name, invert_m=0.0) for name in nodes)
    network = Network(junctions=junctions, subcatchments=subcatchments)
    return Runoff(network, {name: i for i, name in enumerate(nodes)})


# --- the nonlinear reservoir -----------------------------------------------------------------


@pytest.mark.parametrize("a", [0.003, 0.2, 8.0])
@pytest.mark.parametrize("t", [1.0, 60.0, 3600.0])
def test_recession_without_rain_is_the_closed_form(a: float, t: float) -> None:
    """x' = -a x^(5/3) gives x = (x0^(-2/3) + 2/3 a t)^(-3/2)."""
    x0 = 0.02
    x, left = drain(x0, 0.0, a, t)
    assert left == 0.0
    assert x == pytest.approx((x0 ** (-2 / 3) + 2 / 3 * a * t) ** -1.5, rel=1e-12)


def time_between(x0: float, x1: float, q: float, a: float) -> float:
    """Integral of dx / (q - a x^(5/3)) in the variable cbrt(x), by composite Gauss-Legendre."""
    nodes, weights = np.polynomial.legendre.leggauss(20)
    edges = np.linspace(np.cbrt(x0), np.cbrt(x1), 201)
    half = 0.5 * np.diff(edges)[:, None]
    r = 0.5 * (edges[1:] + edges[:-1])[:, None] + half * nodes
    return float(np.sum(half * weights * 3 * r**2 / (q - a * r**5)))


@pytest.mark.parametrize("a", [0.01, 0.2, 2.0])
@pytest.mark.parametrize("x0", [0.0, 1e-4, 0.03])
def test_filling_and_falling_towards_equilibrium_take_the_time_they_should(
    a: float, x0: float
) -> None:
    q, t = 40 * MM_H, 30.0
    x, _ = drain(x0, q, a, t)
    equilibrium = (q / a) ** 0.6
    assert min(x0, equilibrium) <= x <= max(x0, equilibrium) * (1 + 1e-6)
    # The depth's error is the time's error times the rate; 1e-6 m is the solver's.
    missed = (time_between(x0, x, q, a) - t) * (q - a * x ** (5 / 3))
    assert abs(missed) < 1e-6


@pytest.mark.parametrize("a", [0.01, 0.2, 2.0])
@pytest.mark.parametrize("x0", [1e-5, 1e-3, 0.03])
def test_a_surface_losing_water_empties_when_it_should(a: float, x0: float) -> None:
    q = -20 * MM_H
    exact = time_between(x0, 0.0, q, a)
    x, left = drain(x0, q, a, 2.0 * exact)
    assert x == 0.0
    assert 2.0 * exact - left == pytest.approx(exact, abs=0.2)
    x, left = drain(x0, q, a, 0.5 * exact)
    assert left == 0.0
    assert time_between(x0, x, q, a) == pytest.approx(0.5 * exact, abs=0.2)


def test_one_long_step_equals_many_short_ones() -> None:
    for q in (50 * MM_H, 0.0, -5 * MM_H):
        x = 0.01
        for _ in range(600):
            x, _ = drain(x, q, 0.3, 1.0)
        assert drain(0.01, q, 0.3, 600.0)[0] == pytest.approx(x, abs=2e-6)


def test_at_equilibrium_all_rain_runs_off() -> None:
    model = runoff(subcatchment(impervious_percent=100.0))
    for _ in range(600):
        flow = model.step(np.array([36.0]), 60.0)
    assert flow[0] == pytest.approx(36 * MM_H * 2e4, rel=1e-9)
    a = 200 * math.sqrt(0.01) / (0.013 * 2e4)
    depth = (36 * MM_H / a) ** 0.6
    share = 0.0015 * 0.75  # three quarters of it holds depression storage
    assert model.totals().storage == pytest.approx((depth + share) * 2e4, rel=1e-9)


@pytest.mark.parametrize("route", ["outlet", "impervious", "pervious"])
@pytest.mark.parametrize("bare", [0.0, 25.0, 100.0])
def test_without_losses_all_rain_runs_off_however_it_is_routed(route: str, bare: float) -> None:
    model = runoff(
        subcatchment(route_to=route, routed_percent=60.0, zero_storage_percent=bare,
                     infiltration=TIGHT)
    )  # fmt: skip
    for _ in range(3000):
        flow = model.step(np.array([36.0]), 60.0)
    assert flow[0] == pytest.approx(36 * MM_H * 2e4, rel=1e-6)


def test_depression_storage_holds_back_its_depth() -> None:
    model = runoff(subcatchment(impervious_percent=100.0, zero_storage_percent=0.0))
    for _ in range(5):
        assert model.step(np.array([18.0]), 60.0)[0] == 0.0  # 1.5 mm in 5 min, to the brim
    assert model.totals().storage == pytest.approx(1.5e-3 * 2e4, rel=1e-12)
    assert model.step(np.array([18.0]), 60.0)[0] > 0.0


def test_a_level_surface_keeps_its_water() -> None:
    model = runoff(subcatchment(impervious_percent=100.0, slope_percent=0.0))
    assert model.step(np.array([60.0]), 600.0)[0] == 0.0
    assert model.totals().storage == pytest.approx(0.01 * 2e4, rel=1e-12)


# --- infiltration ----------------------------------------------------------------------------


def infiltrate(soil: Soil, rain_mm_h: list[float], dt_s: float) -> float:
    """Infiltrated depth in m over steps of rain on ground from which all excess vanishes."""
    p, x = (tuple(float(v) for v in row) for row in infiltration.initial_rows(soil))
    method = infiltration.method_code(soil)
    factors = np.ones((1, 2))
    infiltration.step_factors(np.array([method]), np.array([p]), dt_s, factors)
    total = 0.0
    for rain in rain_mm_h:
        supply = rain * MM_H * dt_s
        room, x = infiltration.capacity(method, p, x, factors[0, 0], dt_s, rain * MM_H, 0.0, 0.0)
        taken = min(room, supply)
        x = infiltration.commit(
            method, p, x, factors[0, 0], factors[0, 1], dt_s, taken, supply > 0.0, room <= supply
        )
        total += taken
    return total


@pytest.mark.parametrize("soil", [HORTON, MODIFIED])
@pytest.mark.parametrize("dt", [10.0, 60.0, 600.0])
def test_horton_under_heavy_rain_is_its_integral(soil: Horton, dt: float) -> None:
    """F = f_min t + (f0 - f_min)/k (1 - exp(-k t)), whatever the step."""
    hours = 2.0
    expected = 5.0 * hours + 70.0 / 4.0 * (1 - math.exp(-4.0 * hours))
    measured = infiltrate(soil, [500.0] * round(3600 * hours / dt), dt)
    assert measured * 1e3 == pytest.approx(expected, rel=1e-12)


def test_horton_after_light_rain_starts_where_the_volume_says() -> None:
    """10 mm fall below capacity; F(t_p) = 10 mm sets the curve from then on."""
    t = 0.0
    for _ in range(50):
        filled = 5 * t + 17.5 * (1 - math.exp(-4 * t)) - 10.0
        t -= filled / (5 + 70 * math.exp(-4 * t))
    expected = 5.0 * (t + 1.0) + 17.5 * (1 - math.exp(-4 * (t + 1.0)))
    light = [10.0] * 60  # one hour at 10 mm/h, always below the capacity until then
    measured = infiltrate(HORTON, light + [500.0] * 60, 60.0)
    assert measured * 1e3 == pytest.approx(expected, rel=1e-6)


@pytest.mark.parametrize("soil", [HORTON, MODIFIED])
def test_horton_recovers_98_percent_over_its_drying_time(soil: Horton) -> None:
    wet, dry = [500.0] * 600, [0.0] * (7 * 24 * 60)
    again = infiltrate(soil, [*wet, *dry, 500.0], 60.0) - infiltrate(soil, wet, 60.0)
    first = infiltrate(soil, [500.0], 60.0)
    # What has decayed after ten hours comes back but for a fiftieth.
    fast = 70.0 / 4.0 * (1 - math.exp(-4.0 / 60.0))
    assert (first - again) * 1e3 == pytest.approx(0.02 * fast, rel=1e-3)


def test_horton_stops_at_its_maximum_volume() -> None:
    capped = HORTON.model_copy(update={"max_volume_mm": 12.0})
    assert infiltrate(capped, [500.0] * 240, 60.0) == pytest.approx(0.012, rel=1e-12)
    # The modified form counts only what exceeds the minimum rate, and then closes.
    modified = MODIFIED.model_copy(update={"max_volume_mm": 12.0})
    measured = infiltrate(modified, [500.0] * 240, 60.0) * 1e3
    closes = -math.log(1 - 12.0 / 17.5) / 4.0
    assert measured == pytest.approx(12.0 + 5.0 * closes, rel=1e-9)


def green_ampt_exact(rain: float, hours: float) -> float:
    """Mein & Larson (1973), mm: ponding at F_p = K h / (i - K), then the implicit equation."""
    k, head = 6.0, 110.0 * 0.25
    ponding = k * head / (rain - k)
    if ponding >= rain * hours:
        return rain * hours
    left = hours - ponding / rain
    f = ponding + rain * left
    for _ in range(200):
        f = ponding + head * math.log((f + head) / (ponding + head)) + k * left
    return f


@pytest.mark.parametrize("soil", [GREEN, MODIFIED_GREEN])
@pytest.mark.parametrize("dt", [30.0, 300.0, 1800.0])
@pytest.mark.parametrize("rain", [20.0, 60.0])
def test_green_ampt_is_mein_and_larson(soil: GreenAmpt, dt: float, rain: float) -> None:
    hours = 2.0
    measured = infiltrate(soil, [rain] * round(3600 * hours / dt), dt) * 1e3
    assert measured == pytest.approx(green_ampt_exact(rain, hours), rel=1e-9)


@pytest.mark.parametrize("start", [0.0, 1e-9, 0.01, 1.0])
@pytest.mark.parametrize("head", [0.0, 1e-6, 0.03, 2.0])
def test_green_ampt_volume_satisfies_its_equation(start: float, head: float) -> None:
    k, dt = 6 * MM_H, 600.0
    f = infiltration.green_ampt_volume(start, head, k, dt)
    residual = f - start - head * math.log1p((f - start) / (start + head or 1.0)) - k * dt
    assert abs(residual) < 1e-15 + 1e-12 * f
    assert infiltration.green_ampt_volume(start, head, k, 0.0) == pytest.approx(start)


def test_green_ampt_recovers_its_deficit() -> None:
    """The upper zone (4 sqrt(K) in) drains at sqrt(K)/75 per hour: dry again after 75/sqrt(K)."""
    root = math.sqrt(6.0 / 25.4)
    wet, storm = [60.0] * 120, [60.0] * 30
    dry = [0.0] * math.ceil(75 / root * 60)
    fresh = infiltrate(GREEN, storm, 60.0)
    late = infiltrate(GREEN, wet + dry + storm, 60.0) - infiltrate(GREEN, wet, 60.0)
    soon = infiltrate(GREEN, wet + dry[:600] + storm, 60.0) - infiltrate(GREEN, wet, 60.0)
    assert late == pytest.approx(fresh, rel=1e-9)
    assert soon < 0.7 * fresh


@pytest.mark.parametrize("dt", [10.0, 60.0, 900.0])
def test_curve_number_is_its_closed_form(dt: float) -> None:
    """F = P S / (P + S), S = 25.4 (1000/CN - 10) mm."""
    s = 25.4 * (1000 / 75 - 10)
    p = 30.0 * 2
    measured = infiltrate(CURVE, [30.0] * round(7200 / dt), dt) * 1e3
    assert measured == pytest.approx(p * s / (p + s), rel=1e-12)


def test_curve_number_begins_a_new_event_after_a_dry_gap() -> None:
    storm, gap = [30.0] * 60, [0.0] * math.ceil(0.06 * 5 * 24 * 60 + 1)
    first = infiltrate(CURVE, storm, 60.0)
    joined = infiltrate(CURVE, storm + [0.0] * 60 + storm, 60.0)
    apart = infiltrate(CURVE, storm + gap + storm, 60.0)
    s = 25.4 * (1000 / 75 - 10)
    assert joined * 1e3 == pytest.approx(60 * s / (60 + s), rel=1e-12)
    dry_minutes = len(gap)
    left = s - first * 1e3 + s * dry_minutes / (5 * 24 * 60)
    assert (apart - first) * 1e3 == pytest.approx(30 * left / (30 + left), rel=1e-9)


# --- balance, routing, state -------------------------------------------------------------------


def storm(steps: int, seed: int = 3) -> np.ndarray:
    draw = np.random.Generator(np.random.Philox(seed))
    rain = np.maximum(draw.normal(10.0, 40.0, steps), 0.0)
    rain[steps // 2 :] = 0.0
    return rain


@pytest.mark.parametrize("route", ["outlet", "impervious", "pervious"])
@pytest.mark.parametrize("soil", SOILS, ids=lambda s: s.method)
@pytest.mark.parametrize("dt", [7.0, 300.0])
def test_water_is_conserved_and_never_negative(soil: Soil, route: str, dt: float) -> None:
    model = runoff(
        subcatchment(infiltration=soil, route_to=route, routed_percent=70.0, slope_percent=0.1)
    )
    flowed = 0.0
    for rain in storm(400):
        flow = model.step(np.array([rain]), dt)
        assert flow[0] >= 0.0
        assert model.storage_m3()[0] >= 0.0
        flowed += flow[0] * dt
    totals = model.totals()
    assert abs(totals.error()) <= 1e-12 * totals.rain
    assert totals.runoff == pytest.approx(flowed, rel=1e-12)
    assert totals.infiltration >= 0.0


@pytest.mark.parametrize("soil", SOILS, ids=lambda s: s.method)
def test_the_result_hardly_depends_on_the_step(soil: Soil) -> None:
    totals = []
    for dt in (5.0, 60.0, 300.0):
        model = runoff(subcatchment(infiltration=soil))
        for rain in np.repeat(storm(48), round(300 / dt)):
            model.step(np.array([rain]), dt)
        totals.append(model.totals().runoff)
    assert totals[1] == pytest.approx(totals[0], rel=2e-3)
    # The curve number keeps its last rate while water ponds without rain: that depends on the step.
    coarse = 0.05 if isinstance(soil, CurveNumber) else 4e-3
    assert totals[2] == pytest.approx(totals[0], rel=coarse)


def chain(*names: str) -> tuple[Subcatchment, ...]:
    outlets = {"A": "B", "B": "C", "C": "J"}
    return tuple(subcatchment(name, outlet=outlets[name]) for name in names)


def test_runoff_passes_over_the_next_subcatchment_within_the_step() -> None:
    """The filed order does not matter, and a chain loses nothing on the way."""
    one, other = runoff(*chain("A", "B", "C")), runoff(*chain("C", "A", "B"))
    for rain in storm(200):
        first = one.step(np.full(3, rain), 60.0)
        second = other.step(np.full(3, rain), 60.0)
        assert first[0] == second[0]
    totals = one.totals()
    assert abs(totals.error()) <= 1e-12 * totals.rain
    each = one.totals_by_subcatchment()
    assert each["runon"][1] == pytest.approx(each["runoff"][0], rel=1e-12)
    assert totals.runoff == pytest.approx(each["runoff"][2], rel=1e-12)


def test_subcatchments_in_a_circle_keep_their_water() -> None:
    model = runoff(
        subcatchment("A", outlet="B"), subcatchment("B", outlet="A"),
        subcatchment("C", outlet="A"), subcatchment("D", outlet="D"), subcatchment("E"),
    )  # fmt: skip
    for rain in storm(200):
        model.step(np.full(5, rain), 60.0)
    totals = model.totals()
    assert abs(totals.error()) <= 1e-12 * totals.rain
    assert totals.elsewhere == pytest.approx(model.totals_by_subcatchment()["runoff"][3])
    assert totals.storage > totals.elsewhere


def test_a_snapshot_resumes_to_the_last_bit() -> None:
    many = tuple(
        subcatchment(f"S{i}", infiltration=soil, outlet="J" if i % 3 else "K")
        for i, soil in enumerate(SOILS)
    )
    model = runoff(*many, nodes=("J", "K"))
    rain = storm(120)
    for value in rain[:60]:
        model.step(np.full(len(many), value), 60.0)
    saved = model.snapshot()
    first = [model.step(np.full(len(many), value), 60.0) for value in rain[60:]]
    end = model.totals()
    model.restore(saved)
    second = [model.step(np.full(len(many), value), 60.0) for value in rain[60:]]
    assert np.array_equal(first, second)
    assert model.totals() == end


def test_impossible_calls_are_refused() -> None:
    with pytest.raises(InputError, match="outlet does not exist") as error:
        runoff(subcatchment(outlet="X"))
    assert "subcatchments/S/outlet" in str(error.value)
    model = runoff(subcatchment())
    for rain, dt in ((np.zeros(2), 60.0), (np.zeros(1), 0.0)):
        with pytest.raises(ValueError, match="expected"):
            model.step(rain, dt)


def test_a_network_without_subcatchments_gives_nothing() -> None:
    model = runoff(nodes=("J", "K"))
    assert model.step(np.zeros(0), 60.0).tolist() == [0.0, 0.0]
    assert model.totals().rain == 0.0
