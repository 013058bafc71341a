"""`sim.city.simulate`, with systems that do exactly what a test says."""

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from sim.city import Cancelled, simulate
from sim.kernel.errors import InputError, LedgerError
from sim.kernel.system import Run
from tests.conformance.tank import TANK, TankSpec

START = datetime(2021, 7, 17, tzinfo=UTC)


@dataclass
class Scripted:
    """System whose only process is a generator function of the run."""

    script: Callable[[Run], Iterator[Any]]

    def start(self, inputs: None, run: Run) -> None:
        run.clock.env.process(self.script(run))


def play(horizon_s: float = 100.0, **scripts: Callable[[Run], Iterator[Any]]):
    """Simulate scripted systems."""
    return simulate(
        dict.fromkeys(scripts),
        START,
        horizon_s,
        systems={name: Scripted(script) for name, script in scripts.items()},
    )


def kinds(record) -> list[tuple[float, str]]:
    return list(zip(record.events["time_s"], record.events["kind"], strict=True))


@pytest.mark.parametrize("horizon_s", [100.0, 0.07, 172_800.0, 1 / 3])
def test_what_is_due_at_the_horizon_happens_and_nothing_later(horizon_s):
    def script(run):
        yield run.clock.env.timeout(run.horizon_s)
        run.recorder.event(run.clock.now_s, "a", "close")
        yield run.clock.env.timeout(0.0)
        run.recorder.event(run.clock.now_s, "a", "close_again")
        yield run.clock.env.timeout(horizon_s * 1e-6)
        run.recorder.event(run.clock.now_s, "a", "too_late")

    record = play(horizon_s, a=script)
    assert kinds(record) == [(horizon_s, "close"), (horizon_s, "close_again")]


def test_a_delay_that_ends_a_rounding_error_after_the_horizon_counts():
    assert 106.6 + (472.8 - 106.6) > 472.8

    def script(run):
        yield run.clock.env.timeout(106.6)
        yield run.clock.env.timeout(run.horizon_s - run.clock.now_s)
        run.recorder.event(run.clock.now_s, "a", "close")

    ((time_s, _),) = kinds(play(472.8, a=script))
    assert time_s == pytest.approx(472.8, rel=1e-15)


def test_systems_share_clock_and_signals():
    def drainage(run):
        yield run.clock.env.timeout(30.0)
        run.signals.publish("street_depth_m", "J1", 0.4)

    def fleet(run):
        yield run.signals.changed("street_depth_m")
        depth_m = run.signals.read("street_depth_m", "J1")
        run.recorder.event(run.clock.now_s, "fleet", "stopped", "J1", depth_m)

    record = play(drainage=drainage, fleet=fleet)
    assert kinds(record) == [(30.0, "stopped")]
    assert record.events["value"].tolist() == [0.4]


@pytest.mark.parametrize("names", [("heat", "fleet", "drainage"), ("drainage", "fleet", "heat")])
def test_systems_start_in_alphabetical_order(names):
    def script_of(name):
        def script(run):
            run.recorder.event(run.clock.now_s, name, f"{name}_started")
            yield run.clock.env.timeout(1.0)

        return script

    record = play(**{name: script_of(name) for name in names})
    assert record.events["system"].tolist() == ["drainage", "fleet", "heat"]


def idle(run):
    yield run.clock.env.timeout(1.0)


@pytest.mark.parametrize("horizon_s", [100.0, 0.07, 1e9])
def test_progress_at_every_percent_of_simulated_time(horizon_s):
    done: list[tuple[float, float]] = []
    clocks = []

    def script(run):
        clocks.append(run.clock)
        for _ in range(1000):
            yield run.clock.env.timeout(horizon_s / 1000)

    simulate(
        {"a": None},
        START,
        horizon_s,
        progress=lambda fraction: done.append((fraction, clocks[0].now_s)),
        systems={"a": Scripted(script)},
    )
    assert [fraction for fraction, _ in done] == [percent / 100 for percent in range(1, 101)]
    for fraction, now_s in done:
        assert now_s == pytest.approx(fraction * horizon_s, abs=0.0011 * horizon_s)


def test_progress_ends_at_one_when_nothing_is_left_to_happen():
    done = []
    simulate({"a": None}, START, 1e6, progress=done.append, systems={"a": Scripted(idle)})
    assert len(done) == 100
    assert done[-1] == 1.0


@pytest.mark.parametrize("asked", [0, 1, 50])
def test_cancelling_stops_before_the_next_percent(asked):
    answers = iter([False] * asked + [True])
    times = []

    def script(run):
        while True:
            times.append(run.clock.now_s)
            yield run.clock.env.timeout(1.0)

    with pytest.raises(Cancelled):
        simulate(
            {"a": None},
            START,
            100.0,
            cancelled=lambda: next(answers),
            systems={"a": Scripted(script)},
        )
    assert times == [float(second) for second in range(asked + 1)] if asked else times == []


def leaking(fraction: float) -> Callable[[Run], Iterator[Any]]:
    def script(run):
        ledger = run.ledger("water", "m3")
        ledger.inflow("rain", 1000.0)
        yield run.clock.env.timeout(run.horizon_s)
        ledger.closing("basin", 1000.0 * (1 - fraction))

    return script


def test_a_ledger_off_by_more_than_a_millionth_of_a_percent_fails_the_run():
    play(a=leaking(0.99e-8))
    with pytest.raises(LedgerError, match=r"ledger water: off by .* closing basin"):
        play(a=leaking(1.01e-8))


def test_what_a_process_raises_comes_out():
    def script(run):
        yield run.clock.env.timeout(10.0)
        raise ZeroDivisionError("depth of nothing")

    with pytest.raises(ZeroDivisionError, match="depth of nothing"):
        play(a=script)


@pytest.mark.parametrize("horizon_s", [0.0, -1.0, math.inf, math.nan])
def test_a_duration_that_cannot_be_simulated(horizon_s):
    with pytest.raises(InputError, match="positive, finite number of seconds"):
        play(horizon_s, a=idle)


def test_an_unknown_system_is_named_with_those_there_are():
    with pytest.raises(InputError, match="tnak: no such system; expected one of tank; hint: did"):
        simulate({"tnak": None}, START, 1.0, systems={"tank": TANK})


def test_a_scenario_without_systems_is_refused():
    with pytest.raises(InputError, match="no system; expected at least one of tank"):
        simulate({}, START, 1.0, systems={"tank": TANK})


def test_a_start_without_a_zone_is_refused():
    with pytest.raises(InputError, match="without a time zone"):
        simulate({"a": None}, datetime(2021, 7, 17), 1.0, systems={"a": Scripted(idle)})  # noqa: DTZ001


def test_seed_and_replication_reach_the_draws(tmp_path: Path):
    (tmp_path / "tanks.csv").write_text("id,volume_m3,full_m3\na,1,5\n", encoding="utf-8")
    spec = TankSpec(tanks="tanks.csv", pulse_m3=1.0, mean_gap_s=100.0, leak_per_s=1e-4)
    inputs = TANK.load(spec, tmp_path, START, 7200.0)
    runs = [
        simulate({"tank": inputs}, START, 7200.0, seed, replication, systems={"tank": TANK})
        for seed, replication in [(1, 0), (2, 0), (1, 1), (1, 0)]
    ]
    digests = [record.digest() for record in runs]
    assert digests[0] == digests[3]
    assert len(set(digests)) == 3
