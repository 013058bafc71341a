"""Conduits and levels solved together: the elimination, and steps longer than waves allow."""

import numpy as np
import pytest

from bench.networks import grid_network
from sim.drainage.elements import Conduit, CrossSection, Junction, Outfall
from sim.drainage.implicit import _solve, plan_elimination
from sim.drainage.native import NativeEngine
from sim.drainage.network import Network

FILLS_M3S = 0.12  # into every junction of a grid: more than its pipes carry


def stepped(network: Network, flow_m3s: float, end_s: float, longest_s: float) -> NativeEngine:
    engine = NativeEngine(network, longest_step_s=longest_s)
    engine.set_lateral(np.where(engine.inner, flow_m3s, 0.0))
    for until_s in np.arange(300.0, end_s + 1.0, 300.0):
        engine.advance(float(until_s))
    return engine


@pytest.mark.parametrize("seed", range(5))
def test_elimination_solves_a_network_with_loops(seed):
    """Beside numpy's dense solver; columns whose diagonal is the largest, as those of a step."""
    engine = NativeEngine(grid_network(7, 9, river_m=1.0))
    plan = plan_elimination(engine.plant, len(engine.link_ids))
    nodes, pairs = len(engine.node_ids), len(plan.later)
    random = np.random.default_rng(seed)
    packed, dense = np.zeros(nodes + 2 * pairs), np.zeros((nodes, nodes))
    for link, (first, second) in enumerate(zip(plan.place_12, plan.place_21, strict=True)):
        a, b = engine.plant.node_1[link], engine.plant.node_2[link]
        if first < 0:
            continue
        give_a, give_b = random.uniform(0.0, 50.0, 2) * (random.random(2) > 0.2)
        packed[first], packed[second] = packed[first] - give_b, packed[second] - give_a
        dense[a, b], dense[b, a] = dense[a, b] - give_b, dense[b, a] - give_a
        dense[a, a], dense[b, b] = dense[a, a] + give_a, dense[b, b] + give_b
    dense[np.diag_indices(nodes)] += random.uniform(0.5, 5.0, nodes)
    packed[:nodes] = np.diag(dense)
    wanted = random.normal(size=nodes)
    x = np.where(engine.inner, wanted, 0.0)
    _solve(plan.order, plan.start, plan.later, plan.target, packed, x)
    inner = np.flatnonzero(engine.inner)
    expected = np.linalg.solve(dense[np.ix_(inner, inner)], wanted[inner])
    assert x[inner] == pytest.approx(expected, rel=1e-10, abs=1e-10)


def test_a_tree_has_no_fill_in():
    engine = NativeEngine(grid_network(2, 12))
    plan = plan_elimination(engine.plant, len(engine.link_ids))
    assert len(plan.later) == engine.inner.sum() - 1
    assert len(plan.target) == len(plan.later)


def test_a_drowned_network_takes_long_steps_and_says_the_same():
    """Explicit steps of half a second are the reference."""
    network = grid_network(8, 8, river_m=1.0)
    long, short = (stepped(network, FILLS_M3S, 7200.0, longest_s) for longest_s in (30.0, 0.5))
    assert long.steps < 7200.0 / 15.0
    assert short.steps > 7200.0
    assert long.ponded_volume_m3().sum() > 1000.0
    assert long.state.volume_m3.sum() == pytest.approx(short.state.volume_m3.sum(), rel=5e-3)
    assert long.level_m() == pytest.approx(short.level_m(), abs=0.02)
    assert long.state.flow_m3s == pytest.approx(short.state.flow_m3s, abs=0.02)


def spilling() -> Network:
    """Two deep junctions on a pipe that carries less than comes; neither ponds."""
    pipe = CrossSection(kind="circular", depth_m=0.5)
    names = ("A", "B", "OUT")
    return Network(
        junctions=tuple(
            Junction(id=name, invert_m=1.0 - 0.2 * k, max_depth_m=3.0)
            for k, name in enumerate(names[:2])
        ),
        outfalls=(Outfall(id="OUT", invert_m=0.6, boundary="fixed", stage_m=2.0),),
        conduits=tuple(
            Conduit(
                id=f"{a}-{b}", from_node=a, to_node=b, length_m=100.0, roughness_n=0.013,
                section=pipe,
            )
            for a, b in zip(names, names[1:], strict=False)
        ),
    )  # fmt: skip


def test_a_node_that_spills_stays_at_its_brim_and_loses_the_rest():
    long, short = (stepped(spilling(), 0.4, 3600.0, longest_s) for longest_s in (30.0, 0.5))
    assert long.steps < short.steps / 5
    assert long.state.depth_m[0] == pytest.approx(3.0)
    lost_m3 = long.state.overflow_m3.sum()
    assert lost_m3 == pytest.approx(short.state.overflow_m3.sum(), rel=1e-2)
    came_m3 = long.state.lateral_m3.sum() + long.state.back_m3.sum()
    left_m3 = long.state.out_m3.sum() + lost_m3 + long.state.volume_m3.sum()
    assert left_m3 == pytest.approx(came_m3, rel=1e-12)


def test_a_snapshot_between_long_steps_resumes_bit_by_bit():
    network = grid_network(8, 8, river_m=1.0)
    through = stepped(network, FILLS_M3S, 1800.0, 30.0)
    longest_explicit_s = through.state.clock[3]
    assert longest_explicit_s < 0.5 * through.state.clock[1]
    branch = NativeEngine(network, longest_step_s=30.0)
    branch.restore(through.snapshot())
    for engine in (through, branch):
        engine.advance(3600.0)
    assert all(np.array_equal(a, b) for a, b in zip(through.state, branch.state, strict=True))
