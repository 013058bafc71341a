"""Queues on SimPy's clock: against a list of what should happen by hand, and the known traps."""

import math

import numpy as np
import pytest
import simpy

from sim.fleet.queues import Queue
from sim.fleet.station import DOWN, NOBODY, fail, finish, join, leave, mend, new_station


def run(queue_of, arrivals, until=math.inf):
    """Let customers (time, who, work, rank, preempts) join; return when each begins and ends."""
    env = simpy.Environment()
    queue = queue_of(env)
    told = {}

    def customer(time_s, who, work_s, rank=0, preempts=False):
        yield env.timeout(time_s)
        turn = queue.join(who, work_s, rank, preempts)
        if turn is None:
            told[who] = "refused"
            return
        done = yield turn.done
        told[who] = (turn.began_s, env.now, turn.served_s) if done else "left"

    for one in arrivals:
        env.process(customer(*one))
    return env, queue, told


def test_first_come_first_served_at_two_bays():
    env, _, told = run(
        lambda env: Queue(env, 2, 10), [(0, 0, 10), (1, 1, 10), (2, 2, 5), (3, 3, 1)]
    )
    env.run()
    assert told == {0: (0, 10, 10), 1: (1, 11, 10), 2: (10, 15, 5), 3: (11, 12, 1)}


def test_a_full_queue_refuses():
    env, _, told = run(lambda env: Queue(env, 1, 10, places=1), [(0, 0, 9), (1, 1, 1), (2, 2, 1)])
    env.run()
    assert told[2] == "refused"
    assert told[1] == (9, 10, 1)


def test_lower_rank_goes_first_and_equal_ranks_keep_their_turn():
    arrivals = [(0, 0, 10, 1), (1, 1, 1, 1), (2, 2, 1, 0), (3, 3, 1, 0), (4, 4, 1, 1)]
    env, _, told = run(lambda env: Queue(env, 1, 10), arrivals)
    env.run()
    assert sorted(told, key=lambda who: told[who][0]) == [0, 2, 3, 1, 4]


def test_preemption_at_two_bays_sends_back_the_last_of_the_worst_and_resumes_its_work():
    arrivals = [(0, 0, 10, 1), (1, 1, 10, 1), (2, 2, 3, 0, True)]
    env, _, told = run(lambda env: Queue(env, 2, 10), arrivals)
    env.run()
    assert told == {0: (0, 10, 10), 1: (1, 14, 10), 2: (2, 5, 3)}


def test_nobody_preempts_its_own_rank():
    env, _, told = run(lambda env: Queue(env, 1, 10), [(0, 0, 10, 0, True), (1, 1, 1, 0, True)])
    env.run()
    assert told == {0: (0, 10, 10), 1: (10, 11, 1)}


def test_a_server_that_fails_while_busy_is_left_for_one_that_is_free():
    env, queue, told = run(lambda env: Queue(env, 2, 10), [(0, 0, 10)])
    env.run(until=4)
    assert queue.fail(0) == 0
    env.run()
    assert told == {0: (0, 10, 10)}


def test_work_waits_for_the_repair_and_no_server_counts_twice():
    env, queue, told = run(lambda env: Queue(env, 1, 10), [(0, 0, 10), (5, 1, 2)])
    env.run(until=4)
    queue.fail(0)
    assert queue.fail(0) == NOBODY  # it is down already
    assert queue.up == 0
    env.run(until=20)
    assert told == {}
    queue.mend(0)
    queue.mend(0)
    assert queue.up == 1
    env.run()
    assert told == {0: (0, 26, 10), 1: (26, 28, 2)}


def test_who_is_broken_off_keeps_its_turn():
    env, queue, told = run(lambda env: Queue(env, 1, 10), [(0, 0, 10), (1, 1, 2)])
    env.run(until=4)
    queue.fail(0)
    queue.mend(0)
    env.run()
    assert told == {0: (0, 10, 10), 1: (10, 12, 2)}


def test_leaving_the_queue():
    env, queue, told = run(lambda env: Queue(env, 1, 10), [(0, 0, 10), (1, 1, 2), (2, 2, 3)])
    env.run(until=4)
    assert queue.leave(1)
    assert not queue.leave(0)  # in service
    assert not queue.leave(7)
    env.run()
    assert told == {0: (0, 10, 10), 1: "left", 2: (10, 13, 3)}


def test_service_without_end_is_ended_from_outside():
    env, queue, told = run(lambda env: Queue(env, 1, 10), [(0, 0, math.inf), (1, 1, 2)])
    env.run(until=6)
    queue.finish(0)
    env.run()
    assert told == {0: (0, 6, 6), 1: (6, 8, 2)}


@pytest.mark.parametrize("servers", [1, 3])
def test_the_clock_and_the_recursion_of_kiefer_and_wolfowitz_give_the_same_waits(servers):
    """Begin of service = the later of arrival and the earliest moment a server is free."""
    rng = np.random.default_rng(servers)
    arrive = np.cumsum(rng.exponential(1.0, 3000))
    work = rng.exponential(0.9 * servers, 3000)
    free, expected = np.zeros(servers), []
    for a, w in zip(arrive, work, strict=True):
        first = int(np.argmin(free))
        expected.append(max(a, free[first]))
        free[first] = expected[-1] + w
    env, _, told = run(
        lambda env: Queue(env, servers, 3000),
        [(a, i, w) for i, (a, w) in enumerate(zip(arrive, work, strict=True))],
    )
    env.run()
    np.testing.assert_allclose([told[i][0] for i in range(3000)], expected, rtol=0, atol=1e-8)


def test_random_events_never_lose_or_double_a_customer():
    """A model that only counts: everyone is in exactly one place, work never grows."""
    rng, s, now = np.random.default_rng(3), new_station(3, 50), 0.0
    inside: set[int] = set()
    for step in range(20_000):
        now += rng.exponential()
        what = rng.integers(5)
        if what == 0 and len(inside) < 40:
            server, _ = join(s, step, int(rng.integers(3)), 5.0, now, 30, bool(rng.integers(2)))
            if server != -2:
                inside.add(step)
        elif what == 1:
            busy = np.flatnonzero(s.who >= 0)
            if busy.size:
                server = int(rng.choice(busy))
                inside.discard(int(s.who[server]))
                finish(s, server, now)
        elif what == 2:
            fail(s, int(rng.integers(3)), now)
        elif what == 3:
            down = np.flatnonzero(s.who == DOWN)
            if down.size:
                mend(s, int(down[0]), now)
        elif s.counts[0]:
            who = int(s.queue_who[rng.integers(s.counts[0])])
            assert leave(s, who) >= 0.0
            inside.discard(who)
        here = [int(w) for w in s.who if w >= 0] + [int(w) for w in s.queue_who[: s.counts[0]]]
        assert sorted(here) == sorted(inside)
        assert not (s.counts[0] and (s.who == -1).any()), "someone waits beside a free server"
        assert (s.work_s <= 5.0).all()
