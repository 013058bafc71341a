"""The fleet model's queues against exact results: M/M/c, M/G/1, breakdowns, priorities, repair.

``python -m bench.fleet_queues`` reads ``fleet/queue_oracles.csv`` in the folder that
``CITYCLOCK_BENCH`` names. The rules are those trucks queue by (`sim.fleet.station`), driven here by
a compiled loop, because an interval of one percent at a load of 0.95 takes 10^8 customers; that
the model's queues on SimPy's clock do the same is what ``tests/unit/fleet/test_queues.py`` shows.
Each system runs until every figure's 99 % interval, by batch means, is within 1 % of the exact
value; one seed, chosen before any result was seen.
"""

from __future__ import annotations

import csv
import math
import os
import re
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numba import njit
from scipy import stats

from sim.fleet.station import NOBODY, REFUSED, fail, finish, join, mend
from sim.fleet.station import new_station as station

SEED = 1
BATCHES = 50
CHUNK = 400_000
MOST = 1_200_000_000  # customers: beyond this an interval is not reached
CONFIDENCE, HALF_WIDTH = 0.99, 0.01
RING = 1 << 16

EXPONENTIAL, FIXED, ERLANG2, LOGNORMAL, UNIFORM = range(5)
# What a chunk of a run sums up, by class: the columns of the sums.
(ARRIVED, WAITED, BEGAN, WAIT_S, DONE, STAY_S, BLOCKED, SPELL_S) = range(8)
# ... and over time.
(TIME, QUEUE_TIME, BUSY_TIME, HERE_TIME, HERE2_TIME) = range(5)


@njit(nogil=True)
def draw(rng, law, mean):
    if law == EXPONENTIAL:
        return mean * rng.standard_exponential()
    if law == FIXED:
        return mean
    if law == ERLANG2:
        return mean / 2.0 * (rng.standard_exponential() + rng.standard_exponential())
    if law == LOGNORMAL:  # cv 0.5
        spread = math.sqrt(math.log(1.25))
        return mean * math.exp(spread * rng.standard_normal() - spread * spread / 2.0)
    return mean * (0.5 + rng.random())


@njit(nogil=True)
def open_chunk(s, rng, p, clock, ends, arrived_s, began_s, klass, by_class, over_time, customers):
    """Advance an open queue by a number of arrivals.

    ``p``: rates of the two classes, law and mean of service, places, preempts, rate of breakdown
    while busy, mean repair. ``clock``: now, next arrival, customers so far, next breakdown, mended.
    """
    rate0, rate1, law, mean, places, preempts = p[0], p[1], int(p[2]), p[3], int(p[4]), p[5] > 0.0
    breakdowns, repair = p[6], p[7]
    servers = s.who.size
    now, next_arrival, count = clock[0], clock[1], int(clock[2])
    fails_in, mended = clock[3], clock[4]
    busy = 0
    for i in range(servers):
        busy += s.who[i] >= 0
    told = 0
    while told < customers:
        first, end = -1, next_arrival
        for i in range(servers):
            if ends[i] < end:
                first, end = i, ends[i]
        what = 0 if first < 0 else 1
        if breakdowns > 0.0:
            if s.who[0] >= 0 and now + fails_in < end:
                what, end = 2, now + fails_in
            if mended < end:
                what, end = 3, mended
        dt = end - now
        queued = s.counts[0]
        over_time[TIME] += dt
        over_time[QUEUE_TIME] += dt * queued
        over_time[BUSY_TIME] += dt * busy
        over_time[HERE_TIME] += dt * (queued + busy)
        over_time[HERE2_TIME] += dt * (queued + busy) ** 2
        if breakdowns > 0.0 and s.who[0] >= 0:
            fails_in -= dt
        now = end
        begins, server = -1, -1
        if what == 0:
            told += 1
            who = count % RING
            count += 1
            k = 1 if rate1 > 0.0 and rng.random() * (rate0 + rate1) >= rate0 else 0
            klass[who], arrived_s[who], began_s[who] = k, now, -1.0
            by_class[k, ARRIVED] += 1
            server, victim = join(s, who, k, draw(rng, law, mean), now, places, preempts)
            next_arrival = now + rng.standard_exponential() / (rate0 + rate1)
            if server == REFUSED:
                by_class[k, BLOCKED] += 1
            elif server >= 0:
                begins = who
                busy += victim == NOBODY
            else:
                by_class[k, WAITED] += 1
        elif what == 1:
            server = first
            who = s.who[server]
            k = klass[who]
            by_class[k, DONE] += 1
            by_class[k, STAY_S] += now - arrived_s[who]
            by_class[k, SPELL_S] += now - began_s[who]
            ends[server] = math.inf
            begins = finish(s, server, now)
            busy -= begins == NOBODY
        elif what == 2:
            fail(s, 0, now)
            busy -= 1
            ends[0] = math.inf
            mended = now + repair * rng.standard_exponential()
        else:
            server, mended = 0, math.inf
            fails_in = rng.standard_exponential() / breakdowns
            begins = mend(s, 0, now)
            busy += begins != NOBODY
        if begins != NOBODY:
            ends[server] = now + s.work_s[server]
            if began_s[begins] < 0.0:
                k = klass[begins]
                by_class[k, BEGAN] += 1
                by_class[k, WAIT_S] += now - arrived_s[begins]
                began_s[begins] = now
    clock[0], clock[1], clock[2], clock[3], clock[4] = now, next_arrival, count, fails_in, mended


@njit(nogil=True)
def repair_chunk(s, rng, p, clock, ends, failed_s, up, sums, over_time, failures):
    """Advance N machines that fail and are repaired at the station by a number of failures."""
    rate, repair_rate = p[0], p[1]
    working = int(clock[1])
    now, servers = clock[0], s.who.size
    for _ in range(failures):
        while True:
            first, end = -1, math.inf
            if working > 0:  # failures have no memory, so the next one may be drawn anew
                end = now + rng.standard_exponential() / (rate * working)
            for i in range(servers):
                if ends[i] < end:
                    first, end = i, ends[i]
            dt = end - now
            over_time[TIME] += dt
            over_time[QUEUE_TIME] += dt * s.counts[0]
            over_time[HERE_TIME] += dt * (up.size - working)
            now = end
            if first < 0:
                break
            up[working] = s.who[first]
            working += 1
            sums[0, DONE] += 1
            ends[first] = math.inf
            begins = finish(s, first, now)
            if begins != NOBODY:
                sums[0, BEGAN] += 1
                sums[0, WAIT_S] += now - failed_s[begins]
                ends[first] = now + s.work_s[first]
        pick = int(rng.random() * working)
        working -= 1
        who = up[pick]
        up[pick] = up[working]
        failed_s[who] = now
        server, _ = join(s, who, 0, rng.standard_exponential() / repair_rate, now, up.size, False)
        if server >= 0:
            sums[0, BEGAN] += 1
            ends[server] = now + s.work_s[server]
    clock[0], clock[1] = now, working


@njit(nogil=True)
def tandem_chunk(one, two, rng, p, clock, ends1, ends2, arrived_s, sums, customers):
    """Advance two stations in series by a number of arrivals."""
    rate, mean1, mean2 = p[0], p[1], p[2]
    now, next_arrival, count = clock[0], clock[1], int(clock[2])
    told = 0
    while told < customers:
        at, first, end = 0, -1, next_arrival
        for i in range(ends1.size):
            if ends1[i] < end:
                at, first, end = 1, i, ends1[i]
        for i in range(ends2.size):
            if ends2[i] < end:
                at, first, end = 2, i, ends2[i]
        now = end
        if at == 0:
            told += 1
            who = count % RING
            count += 1
            arrived_s[who] = now
            next_arrival = now + rng.standard_exponential() / rate
            server, _ = join(one, who, 0, mean1 * rng.standard_exponential(), now, RING, False)
            if server >= 0:
                ends1[server] = now + one.work_s[server]
        elif at == 1:
            who = one.who[first]
            ends1[first] = math.inf
            if finish(one, first, now) != NOBODY:
                ends1[first] = now + one.work_s[first]
            server, _ = join(two, who, 0, mean2 * rng.standard_exponential(), now, RING, False)
            if server >= 0:
                ends2[server] = now + two.work_s[server]
        else:
            sums[0, DONE] += 1
            sums[0, STAY_S] += now - arrived_s[two.who[first]]
            ends2[first] = math.inf
            if finish(two, first, now) != NOBODY:
                ends2[first] = now + two.work_s[first]
    clock[0], clock[1], clock[2] = now, next_arrival, count


@dataclass
class Case:
    """One system: what a chunk of it sums up, and how a figure follows from the sums."""

    servers: int
    machines: int
    chunk: Callable[[np.ndarray, np.ndarray], None]


def _open(servers: int, rng: np.random.Generator, **p: float) -> Case:
    s = station(servers, RING)
    values = np.array([
        p["rate"], p.get("rate1", 0.0), p.get("law", EXPONENTIAL), p["mean"],
        p.get("places", RING), p.get("preempts", 0.0), p.get("fails", 0.0), p.get("repair", 0.0),
    ])  # fmt: skip
    fails_in = rng.standard_exponential() / p["fails"] if "fails" in p else math.inf
    clock = np.array([0.0, 0.0, 0.0, fails_in, math.inf])
    ends, arrived, began = np.full(servers, math.inf), np.zeros(RING), np.zeros(RING)
    klass = np.zeros(RING, dtype=np.int64)

    def chunk(by_class: np.ndarray, over_time: np.ndarray) -> None:
        open_chunk(
            s, rng, values, clock, ends, arrived, began, klass, by_class, over_time, CHUNK
        )  # fmt: skip

    return Case(servers, 0, chunk)


def _repair(n: int, c: int, fails: float, repair: float, rng: np.random.Generator) -> Case:
    s, clock = station(c, n), np.array([0.0, float(n)])
    ends, failed, up = np.full(c, math.inf), np.zeros(n), np.arange(n)
    p = np.array([fails, repair])

    def chunk(by_class: np.ndarray, over_time: np.ndarray) -> None:
        repair_chunk(s, rng, p, clock, ends, failed, up, by_class, over_time, CHUNK)

    return Case(c, n, chunk)


def _tandem(rate: float, mu1: float, mu2: float, c: int, rng: np.random.Generator) -> Case:
    one, two, clock = station(1, RING), station(c, RING), np.zeros(3)
    ends1, ends2, arrived = np.full(1, math.inf), np.full(c, math.inf), np.zeros(RING)
    p = np.array([rate, 1.0 / mu1, 1.0 / mu2])

    def chunk(by_class: np.ndarray, over_time: np.ndarray) -> None:
        tandem_chunk(one, two, rng, p, clock, ends1, ends2, arrived, by_class, CHUNK)

    return Case(c, 0, chunk)


def build(system: str, parameters: str, rng: np.random.Generator) -> Case:
    """Return the system that a row of the table describes; KeyError if there is none."""
    text = f"{system} {parameters}"
    n = {k: float(v) for k, v in re.findall(r"(\w+(?:\[\w\])?)\s*=\s*([0-9.]+)", text)}
    if "breakdowns" in system:
        return _open(1, rng, rate=n["lambda"], mean=1 / n["mu"], fails=n["xi"], repair=2.0)
    if system.startswith("M/M/1 2-class"):
        preempts = float("preemptive-resume" in system)
        return _open(1, rng, rate=n["l1"], rate1=n["l2"], mean=1 / n["mu"], preempts=preempts)
    if system.startswith("machine repair"):
        return _repair(int(n["N"]), int(n["c"]), n["fail"], n["repair"], rng)
    if system.startswith("tandem"):
        return _tandem(n["lambda"], n["mu1"], n["mu2"], int(n["c"]), rng)
    if system == "M/M/c":
        return _open(int(n["c"]), rng, rate=n["lambda"], mean=1 / n["mu"])
    if system == "M/M/c/K":
        c = int(n["c"])
        return _open(c, rng, rate=n["lambda"], mean=1 / n["mu"], places=n["K"] - c)
    if system.startswith("Erlang-B"):
        return _open(int(n["c"]), rng, rate=n["a"], mean=1.0, places=0, law=ERLANG2)
    if system == "M/G/inf":
        # The chance of more than 80 at once, when 15 are usual, is below 1e-30.
        return _open(80, rng, rate=n["lambda"], mean=3.0, law=LOGNORMAL)
    laws = {"M/D/1": FIXED, "M/E2/1": ERLANG2, "M/LogN/1": LOGNORMAL, "M/U(0.5,1.5)/1": UNIFORM}
    return _open(1, rng, rate=n["lambda"], mean=1.0, law=laws[system])


def figure(metric: str, case: Case, k: np.ndarray, t: np.ndarray) -> float:
    """Return one metric of a stretch of a run from its sums."""
    a = k.sum(axis=0)
    if metric[-1] in "12":  # of one class
        metric, a = metric[:-1], k[int(metric[-1]) - 1]
    with np.errstate(all="ignore"):
        found = {
            "P_wait": a[WAITED] / a[ARRIVED],
            "P_block": a[BLOCKED] / a[ARRIVED],
            "Wq": a[WAIT_S] / a[BEGAN],
            "W": a[STAY_S] / a[DONE],
            "EC": a[SPELL_S] / a[DONE],
            "Lq": t[QUEUE_TIME] / t[TIME],
            "rho": t[BUSY_TIME] / t[TIME] / case.servers,
            "L": t[HERE_TIME] / t[TIME],
            "var_L": t[HERE2_TIME] / t[TIME] - (t[HERE_TIME] / t[TIME]) ** 2,
            "L_down": t[HERE_TIME] / t[TIME],
            "throughput": a[DONE] / t[TIME],
            "availability": 1.0 - t[HERE_TIME] / t[TIME] / max(case.machines, 1),
        }
    return float(found[metric])


def measure(
    case: Case, metrics: dict[str, float], half_width: float = HALF_WIDTH, most: int = MOST
) -> dict[str, tuple[float, float]]:
    """Run until all intervals are narrow enough; return mean and half-width by metric."""
    warm = np.zeros((2, 8)), np.zeros(5)
    for _ in range(2):
        case.chunk(*warm)
    chunks: list[tuple[np.ndarray, np.ndarray]] = []
    quantile = stats.t.ppf(0.5 + CONFIDENCE / 2, BATCHES - 1)
    while True:
        # Batches grow, their number stays: they are as independent as the run is long.
        for _ in range(max(BATCHES, len(chunks) // 2 // BATCHES * BATCHES)):
            sums = np.zeros((2, 8)), np.zeros(5)
            case.chunk(*sums)
            chunks.append(sums)
        size = len(chunks) // BATCHES
        groups = [chunks[i * size : (i + 1) * size] for i in range(BATCHES)]
        joined = [(sum(k for k, _ in g), sum(t for _, t in g)) for g in groups]
        found = {}
        for metric in metrics:
            values = [figure(metric, case, k, t) for k, t in joined]
            half = quantile * np.std(values, ddof=1) / math.sqrt(BATCHES)
            found[metric] = (float(np.mean(values)), float(half))
        wide = any(found[m][1] > half_width * exact for m, exact in metrics.items())
        if not wide or len(chunks) * CHUNK >= most:
            return found


def oracles() -> dict[tuple[str, str], dict[str, float]]:
    """Return the exact figures by system and parameters."""
    folder = os.environ.get("CITYCLOCK_BENCH", "")
    table: dict[tuple[str, str], dict[str, float]] = {}
    with (Path(folder) / "fleet" / "queue_oracles.csv").open(newline="") as file:
        for row in csv.DictReader(file):
            rows = table.setdefault((row["system"], row["parameters"]), {})
            rows[row["metric"]] = float(row["exact"])
    return table


def main(arguments: list[str] | None = None) -> None:
    if not os.environ.get("CITYCLOCK_BENCH"):
        print("skipped: CITYCLOCK_BENCH names no folder with fleet/queue_oracles.csv")
        return
    inside = total = 0
    began = time.process_time()
    for number, ((system, parameters), metrics) in enumerate(oracles().items()):
        rng = np.random.Generator(np.random.Philox(key=SEED, counter=[0, 0, 0, number]))
        started = time.process_time()
        case = build(system, parameters, rng)
        found = measure(case, metrics)
        for metric, exact in metrics.items():
            mean, half = found[metric]
            ok = abs(mean - exact) <= half and half <= HALF_WIDTH * exact
            inside, total = inside + ok, total + 1
            print(
                f"{'ok  ' if ok else 'MISS'} {system[:34]:34} {parameters[:34]:34} {metric:12} "
                f"exact {exact:<12.6g} found {mean:<12.6g} +- {100 * half / exact:.3f} %",
                flush=True,
            )
        print(f"     {time.process_time() - started:.1f} s of CPU time", flush=True)
    print(
        f"{inside} of {total} exact figures inside their 99 % interval of at most 1 % half-width; "
        f"{time.process_time() - began:.0f} s of CPU time. Of {total} true 99 % intervals "
        f"{0.01 * total:.1f} miss on average."
    )


if __name__ == "__main__":
    main(sys.argv[1:])
