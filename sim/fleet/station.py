"""The rules of a queue at servers, apart from any clock: bays, charging guns, mechanics.

A state and what can happen to it: someone joins, a server finishes, fails or is mended, someone
leaves the queue. Each function says who begins where; keeping time is the caller's affair: the
fleet model does it with SimPy (`sim.fleet.queues`), the benchmark against exact results with a
compiled event loop. First come, first served within a rank; a lower rank goes first. Service that
is broken off is resumed, on any server, with the work that was left.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from sim.kernel.compiled import compiled

FREE, DOWN = -1, -2  # instead of a customer, in `Station.who`
NOBODY, QUEUED, REFUSED = -1, -1, -2  # instead of a server or a customer, in answers


class Station(NamedTuple):
    """Servers and queue. Customers are whole numbers from 0.

    Attributes
    ----------
    who, rank, order : (S,) arrays
        By server: its customer (or ``FREE``, ``DOWN``), the customer's rank and turn.
    since_s, work_s : (S,) arrays
        By server: when the present spell of service began, and the work left then.
    queue_who, queue_rank, queue_order, queue_work : (K,) arrays
        The queue, as a binary heap by rank and turn.
    counts : (2,) array
        Length of the queue, and the next turn.
    """

    who: NDArray[np.int64]
    rank: NDArray[np.int64]
    order: NDArray[np.int64]
    since_s: NDArray[np.float64]
    work_s: NDArray[np.float64]
    queue_who: NDArray[np.int64]
    queue_rank: NDArray[np.int64]
    queue_order: NDArray[np.int64]
    queue_work: NDArray[np.float64]
    counts: NDArray[np.int64]


def new_station(servers: int, places: int) -> Station:
    """Return an idle station with room for ``places`` customers in the queue."""
    ints: Any = lambda n: np.zeros(n, dtype=np.int64)  # noqa: E731
    return Station(
        np.full(servers, FREE, dtype=np.int64), ints(servers), ints(servers),
        np.zeros(servers), np.zeros(servers),
        ints(places + servers), ints(places + servers), ints(places + servers),
        np.zeros(places + servers), ints(2),
    )  # fmt: skip


@compiled
def _before(s, i, j):  # type: ignore[no-untyped-def]
    if s.queue_rank[i] != s.queue_rank[j]:
        return s.queue_rank[i] < s.queue_rank[j]
    return s.queue_order[i] < s.queue_order[j]


@compiled
def _swap(s, i, j):  # type: ignore[no-untyped-def]
    s.queue_who[i], s.queue_who[j] = s.queue_who[j], s.queue_who[i]
    s.queue_rank[i], s.queue_rank[j] = s.queue_rank[j], s.queue_rank[i]
    s.queue_order[i], s.queue_order[j] = s.queue_order[j], s.queue_order[i]
    s.queue_work[i], s.queue_work[j] = s.queue_work[j], s.queue_work[i]


@compiled
def _rise(s, i):  # type: ignore[no-untyped-def]
    while i > 0 and _before(s, i, (i - 1) // 2):
        _swap(s, i, (i - 1) // 2)
        i = (i - 1) // 2


@compiled
def _sink(s, i):  # type: ignore[no-untyped-def]
    count = s.counts[0]
    while True:
        least = i
        for child in (2 * i + 1, 2 * i + 2):
            if child < count and _before(s, child, least):
                least = child
        if least == i:
            return
        _swap(s, i, least)
        i = least


@compiled
def _push(s, who, rank, order, work_s):  # type: ignore[no-untyped-def]
    i = s.counts[0]
    s.queue_who[i], s.queue_rank[i], s.queue_order[i], s.queue_work[i] = who, rank, order, work_s
    s.counts[0] += 1
    _rise(s, i)


@compiled
def _begin(s, server, who, rank, order, work_s, now_s):  # type: ignore[no-untyped-def]
    s.who[server], s.rank[server], s.order[server] = who, rank, order
    s.since_s[server], s.work_s[server] = now_s, work_s


@compiled
def _begin_next(s, server, now_s):  # type: ignore[no-untyped-def]
    """Let the first of the queue begin at a server that is free; return it, or nobody."""
    if s.counts[0] == 0:
        return NOBODY
    who = s.queue_who[0]
    _begin(s, server, who, s.queue_rank[0], s.queue_order[0], s.queue_work[0], now_s)
    s.counts[0] -= 1
    _swap(s, 0, s.counts[0])
    _sink(s, 0)
    return who


@compiled
def _break_off(s, server, now_s):  # type: ignore[no-untyped-def]
    """Put the customer of a server back into the queue, with its old turn and the work left."""
    left_s = max(s.work_s[server] - (now_s - s.since_s[server]), 0.0)
    _push(s, s.who[server], s.rank[server], s.order[server], left_s)
    s.who[server] = FREE


@compiled
def join(s, who, rank, work_s, now_s, places, preempts):  # type: ignore[no-untyped-def]
    """Let a customer with ``work_s`` of service join.

    Parameters
    ----------
    places : int
        If so many wait already, the customer is refused.
    preempts : bool
        Whether it may break off the service of a customer of a higher (worse) rank: of those of
        the worst rank the one that came last.

    Returns
    -------
    (server, victim) : int
        Where service begins at once, ``QUEUED`` or ``REFUSED``; the customer sent back into the
        queue, or ``NOBODY``.
    """
    order = s.counts[1]
    worst = -1
    for server in range(s.who.size):
        if s.who[server] == FREE:
            s.counts[1] += 1
            _begin(s, server, who, rank, order, work_s, now_s)
            return server, NOBODY
        if s.who[server] == DOWN:
            continue
        if worst < 0 or (s.rank[server], s.order[server]) > (s.rank[worst], s.order[worst]):
            worst = server
    if preempts and worst >= 0 and s.rank[worst] > rank:
        victim = s.who[worst]
        _break_off(s, worst, now_s)
        s.counts[1] += 1
        _begin(s, worst, who, rank, order, work_s, now_s)
        return worst, victim
    if s.counts[0] >= places:
        return REFUSED, NOBODY
    s.counts[1] += 1
    _push(s, who, rank, order, work_s)
    return QUEUED, NOBODY


@compiled
def finish(s, server, now_s):  # type: ignore[no-untyped-def]
    """End the service at a server; return the customer that begins there, or ``NOBODY``."""
    s.who[server] = FREE
    return _begin_next(s, server, now_s)


@compiled
def fail(s, server, now_s):  # type: ignore[no-untyped-def]
    """Take a server out of service, busy or not.

    Returns
    -------
    (victim, other) : int
        The customer broken off, or ``NOBODY``; the server where it goes on at once, or ``QUEUED``.
    """
    victim = NOBODY
    if s.who[server] >= 0:
        victim = s.who[server]
        _break_off(s, server, now_s)
    s.who[server] = DOWN
    if victim != NOBODY:
        for other in range(s.who.size):
            if s.who[other] == FREE:
                _begin_next(s, other, now_s)  # the queue was empty, or it would not be free
                return victim, other
    return victim, QUEUED


@compiled
def mend(s, server, now_s):  # type: ignore[no-untyped-def]
    """Put a server that was down back into service; return who begins there, or ``NOBODY``."""
    s.who[server] = FREE
    return _begin_next(s, server, now_s)


@compiled
def leave(s, who):  # type: ignore[no-untyped-def]
    """Take a customer out of the queue; return the work it had left, or -1 if it was not there."""
    for i in range(s.counts[0]):
        if s.queue_who[i] == who:
            work_s = s.queue_work[i]
            s.counts[0] -= 1
            _swap(s, i, s.counts[0])
            if i < s.counts[0]:
                _rise(s, i)
                _sink(s, i)
            return work_s
    return -1.0
