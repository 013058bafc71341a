"""Flows from outside: exact volumes whatever the windows."""

from itertools import pairwise

import numpy as np
import pytest

from sim.city import simulate
from sim.drainage import SYSTEM
from sim.drainage.elements import Inflow, Outfall, Outlet, Storage
from sim.drainage.forcing import mean_between
from sim.drainage.network import Network
from sim.drainage.spec import DrainageSpec, NetworkRain
from sim.drainage.tables import write_tables
from tests.unit.drainage.test_model import START

HOUR = 3600.0


@pytest.mark.parametrize("step_s", [60.0, 700.0, 3600.0, 5000.0])
def test_a_series_is_nothing_outside_its_points(step_s):
    points = np.array([[7200.0, 10800.0], [5.0, 5.0]])
    edges = np.append(np.arange(0.0, 6 * HOUR, step_s), 6 * HOUR)
    volume = sum(mean_between(points, a, b) * (b - a) for a, b in pairwise(edges))
    assert volume == pytest.approx(18000.0, rel=1e-12)
    assert mean_between(points, 0.0, 7200.0) == mean_between(points, 10800.0, 10900.0) == 0.0


@pytest.mark.parametrize("step_s", [300.0, 5400.0, 7200.0])
def test_an_hourly_pattern_is_cut_at_the_hours(tmp_path, step_s):
    network = Network(
        storages=(Storage(id="A", invert_m=0.0, max_depth_m=50.0, area_constant_m2=1000.0),),
        outfalls=(Outfall(id="O", invert_m=-1.0),),
        outlets=(Outlet(id="L", from_node="A", to_node="O", offset_m=49.0, coefficient=1.0,
                        exponent=1.0),),
        inflows=(Inflow(node="A", baseline_m3s=1.0, pattern_hourly=(0.0, 1.0) * 12),),
    )  # fmt: skip
    write_tables(network, tmp_path / "net")
    spec = DrainageSpec(network="net", rain=NetworkRain(), report_step_s=step_s)
    start = START.replace(minute=20)
    inputs = SYSTEM.load(spec, tmp_path, start, 12 * HOUR)
    record = simulate({"drainage": inputs}, start, 12 * HOUR)
    inflow = record.ledgers.set_index("account")["amount"]["inflows"]
    assert inflow == pytest.approx(6 * HOUR, rel=1e-9)
