"""A stretch of a route between two moments at which a truck has to do with others, in one go.

On the way from stop to stop a truck meets nobody: when it drives, waits, rests, lifts and compacts
follows from its state and from the bins. So the whole stretch is worked out at once, as rows of a
log; the truck's process sleeps until its end and is woken if something happens in between, when
the rows not yet done are thrown away. Bins are not touched before a row is over.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from sim.fleet.demand import DAY_S, Bins, lying, see
from sim.kernel.compiled import compiled

Floats = NDArray[np.float64]

# Kinds of rows.
DRIVE, WAIT, COLLECT, REST, UNLOAD, CHARGE, REPAIR, IDLE = range(8)
# Columns of a row. Loads are by stream, energies are those of this row; what is said of the truck
# is as it is afterwards.
KIND, TARGET, FROM_S, TO_S, AMOUNT, ENERGY, PLACE, DRIVEN_S, RESTED = range(9)
LOAD = 9  # four of them
SPENT = 13  # driving, lifts, compaction, auxiliaries
WIDTH = 17
MOST_ROWS_PER_STOP = 5

# Why a stretch ended.
ALL_DONE, FULL, LOW, LATE, TAKEN, NO_WAY = range(6)


class TruckKind(NamedTuple):
    """What the stretch needs to know of a truck type; loose m3 are what the body holds after
    compaction, in terms of waste as it lies in bins."""

    payload_kg: float
    loose_m3: float
    kwh_per_m: float
    kwh_per_m_kg: float
    lift_kwh: float
    lift_s: float
    compaction_kwh_per_kg: float
    auxiliary_kw: float
    reserve_kwh: float
    electric: float


class Duty(NamedTuple):
    """Rules of a shift in seconds of the run: break (length 0 for none), driving, and the end."""

    break_from_s: float
    break_to_s: float
    break_s: float
    driving_s: float
    rest_s: float
    end_s: float


class Ways(NamedTuple):
    """Travel between places (N), and how fast traffic is by time of day.

    Attributes
    ----------
    distance_m, duration_s : (N, N) arrays
    from_s, factor : (K,) arrays
        Speed factor from a time of the day (first 0) on.
    start_s : (1,) array
        Time of the day at the start of the run.
    """

    distance_m: Floats
    duration_s: Floats
    from_s: Floats
    factor: Floats
    start_s: Floats


@compiled
def _kind(k):  # type: ignore[no-untyped-def]
    return TruckKind(k[0], k[1], k[2], k[3], k[4], k[5], k[6], k[7], k[8], k[9])


@compiled
def _duty(d):  # type: ignore[no-untyped-def]
    return Duty(d[0], d[1], d[2], d[3], d[4], d[5])


@compiled
def arrival(ways, leave_s, free_s):  # type: ignore[no-untyped-def]
    """Return when a way of ``free_s`` at factor 1 ends (Ichoua, Gendreau and Potvin 2003)."""
    count = ways.from_s.size
    if count == 1:
        return leave_s + free_s / ways.factor[0]
    day_s = (leave_s + ways.start_s[0]) % DAY_S
    k = count - 1
    while ways.from_s[k] > day_s:
        k -= 1
    now, left = leave_s, free_s
    while True:
        until = ways.from_s[k + 1] if k + 1 < count else DAY_S
        room = until - day_s
        need = left / ways.factor[k]
        if need <= room:
            return now + need
        left -= room * ways.factor[k]
        now += room
        k += 1
        day_s = until
        if k == count:
            k, day_s = 0, 0.0


@compiled
def _row(out, n, kind, target, from_s, to_s, amount, energy, place, driven_s, rested, load):  # type: ignore[no-untyped-def]
    row = out[n]
    row[KIND], row[TARGET], row[FROM_S], row[TO_S], row[AMOUNT] = kind, target, from_s, to_s, amount
    row[ENERGY], row[PLACE], row[DRIVEN_S], row[RESTED] = energy, place, driven_s, rested
    for s in range(4):
        row[LOAD + s] = load[s]
        row[SPENT + s] = 0.0


@compiled
def pause(now, driven, rested, way_s, busy_s, duty):  # type: ignore[no-untyped-def]
    """Return when a rest or break before the next way begins, and its length (0 for none).

    Both come before the way that would be too long, or end too late, without them.
    """
    begins, lasts = now, 0.0
    if way_s > 0.0 and driven > 0.0 and driven + way_s > duty.driving_s:
        lasts = duty.rest_s
    due = now >= duty.break_from_s or now + busy_s > duty.break_to_s
    if duty.break_s > 0.0 and rested == 0.0 and due:
        begins = max(now, duty.break_from_s)
        lasts = max(lasts, duty.break_s)
    return begins, lasts


@compiled
def _trip(  # type: ignore[no-untyped-def]
    target,
    to,
    metres,
    free_s,
    luck,
    distance_m,
    duration_s,
    from_s,
    factor,
    start_s,
    of_kind,
    of_duty,
    state,
    out,
):
    ways = Ways(distance_m, duration_s, from_s, factor, start_s)
    kind, duty = _kind(of_kind), _duty(of_duty)
    now, place, energy, driven, rested = state[0], int(state[1]), state[2], state[3], state[4]
    load = state[5:9]
    total = load.sum()
    n = 0
    free_s *= luck
    way_s = arrival(ways, now, free_s) - now
    rest_from, rest_s = pause(now, driven, rested, way_s, way_s, duty)
    if rest_from > now:
        _row(out, n, WAIT, target, now, rest_from, 0.0, energy, place, driven, rested, load)
        n += 1
    if rest_s > 0.0:
        if rest_s >= duty.rest_s:
            driven = 0.0
        if rest_s >= duty.break_s > 0.0:
            rested = 1.0
        now = rest_from + rest_s
        _row(out, n, REST, target, rest_from, now, 0.0, energy, place, driven, rested, load)
        n += 1
    if free_s > 0.0 or metres > 0.0:
        arrive = arrival(ways, now, free_s)
        kwh_way = metres * (kind.kwh_per_m + kind.kwh_per_m_kg * total)
        aux_way = kind.auxiliary_kw * (arrive - now) / 3600.0
        energy -= kwh_way + aux_way
        driven += arrive - now
        _row(out, n, DRIVE, target, now, arrive, metres, energy, to, driven, rested, load)
        out[n, SPENT], out[n, SPENT + 3] = kwh_way, aux_way
        n += 1
    return n


@compiled
def _stretch(  # type: ignore[no-untyped-def]
    stops, points, share, weight, luck, before_kg, midnight_s, distance_m, duration_s, factor_from,
    factor, start_s, of_kind, of_duty, first_m, first_s, density, travel_luck, service_luck,
    refuge_m, finish_s, claim, me, not_before_s, force, state, out,
):  # fmt: skip
    b = Bins(points, share, weight, luck, before_kg, midnight_s)
    ways = Ways(distance_m, duration_s, factor_from, factor, start_s)
    kind, duty = _kind(of_kind), _duty(of_duty)
    now, place, energy = state[0], int(state[1]), state[2]
    driven, rested = state[3], state[4]
    load = np.empty(4)
    total, loose = 0.0, 0.0
    for s in range(4):
        load[s] = state[5 + s]
        total += load[s]
        loose += load[s] / density[s]
    n = 0
    days = travel_luck.shape[1]
    for i in range(stops.size):
        p = stops[i]
        if claim[p] >= 0:  # by another truck, or earlier in this stretch
            return n, i, TAKEN
        stream, to = b.points[p].stream, b.points[p].place
        room_kg = min(kind.payload_kg - total, (kind.loose_m3 - loose) * density[stream])
        if room_kg <= 1e-9:
            return n, i, FULL
        metres = first_m[to] if i == 0 else ways.distance_m[place, to]
        free_s = first_s[to] if i == 0 else ways.duration_s[place, to]
        if not math.isfinite(free_s):
            return n, i, NO_WAY
        day = min(int((now + b.start_s[0]) // DAY_S), days - 1)
        free_s *= travel_luck[p, day]
        lifting_s = (b.points[p].service_s + kind.lift_s * b.points[p].lifts) * service_luck[p, day]
        arrive = arrival(ways, now, free_s)
        way_s = arrive - now if free_s > 0.0 else 0.0
        rest_from, rest_s = pause(now, driven, rested, way_s, way_s + lifting_s, duty)
        waits = rest_from > now
        leave = rest_from + rest_s if rest_s > 0.0 else now
        if leave > now:
            arrive = arrival(ways, leave, free_s)
        begin = max(arrive, not_before_s[i])
        since = begin + b.start_s[0]
        of_day = since % DAY_S
        if of_day < b.points[p].from_s:
            begin += b.points[p].from_s - of_day
        elif of_day > b.points[p].to_s:
            begin += DAY_S - of_day + b.points[p].from_s
        done = begin + lifting_s
        kwh_way = metres * (kind.kwh_per_m + kind.kwh_per_m_kg * total)
        aux_way = kind.auxiliary_kw * (arrive - leave) / 3600.0
        aux_wait = kind.auxiliary_kw * (begin - arrive) / 3600.0
        aux_lift = kind.auxiliary_kw * lifting_s / 3600.0
        kg = max(min(lying(b, p, begin), room_kg), 0.0)
        kwh_lift = kind.lift_kwh * b.points[p].lifts
        kwh_pack = kind.compaction_kwh_per_kg * kg
        if not (force and i == 0):
            if kind.electric > 0.0:
                left = energy - kwh_way - aux_way - aux_wait - aux_lift - kwh_lift - kwh_pack
                onward = refuge_m[to] * (kind.kwh_per_m + kind.kwh_per_m_kg * (total + kg))
                if left - onward < kind.reserve_kwh - 1e-9:
                    return n, i, LOW
            if done + finish_s[to] > duty.end_s + 1e-6:
                return n, i, LATE
        if waits:
            _row(out, n, WAIT, p, now, rest_from, 0.0, energy, place, driven, rested, load)
            n += 1
        if rest_s > 0.0:
            if rest_s >= duty.rest_s:
                driven = 0.0
            if rest_s >= duty.break_s > 0.0:
                rested = 1.0
            _row(out, n, REST, p, rest_from, leave, 0.0, energy, place, driven, rested, load)
            n += 1
        if free_s > 0.0 or metres > 0.0:
            energy -= kwh_way + aux_way
            driven += arrive - leave
            _row(out, n, DRIVE, p, leave, arrive, metres, energy, to, driven, rested, load)
            out[n, SPENT], out[n, SPENT + 3] = kwh_way, aux_way
            n += 1
        place = to
        if begin > arrive:
            energy -= aux_wait
            _row(out, n, WAIT, p, arrive, begin, 0.0, energy, place, driven, rested, load)
            out[n, SPENT + 3] = aux_wait
            n += 1
        load[stream] += kg
        total += kg
        loose += kg / density[stream]
        energy -= kwh_lift + kwh_pack + aux_lift
        if done - arrive >= duty.rest_s:
            driven = 0.0
        _row(out, n, COLLECT, p, begin, done, kg, energy, place, driven, rested, load)
        out[n, SPENT + 1], out[n, SPENT + 2], out[n, SPENT + 3] = kwh_lift, kwh_pack, aux_lift
        n += 1
        claim[p] = me
        now = done
        if lying(b, p, begin) > kg + 1e-9:
            return n, i, FULL  # the stop stays on the list for the rest
    return n, stops.size, ALL_DONE


@compiled
def _settle(rows, points, share, weight, luck, before_kg, start_s, claim, began):  # type: ignore[no-untyped-def]
    b = Bins(points, share, weight, luck, before_kg, start_s)
    worked_s = 0.0
    for i in range(rows.shape[0]):
        began[i] = np.nan
        if rows[i, KIND] == DRIVE or rows[i, KIND] == COLLECT:
            worked_s += rows[i, TO_S] - rows[i, FROM_S]
        if rows[i, KIND] == COLLECT:
            p = int(rows[i, TARGET])
            began[i] = see(b, p, rows[i, FROM_S])
            b.points[p].taken_kg += rows[i, AMOUNT]
            b.points[p].visits += 1
            claim[p] = -1
    return worked_s


@compiled
def release(rows, claim):  # type: ignore[no-untyped-def]
    """Give up the claims of rows that are thrown away."""
    for i in range(rows.shape[0]):
        if rows[i, KIND] == COLLECT:
            claim[int(rows[i, TARGET])] = -1


class Course(NamedTuple):
    """What a stretch follows from, besides the truck: what all trucks of a run share.

    Attributes
    ----------
    density : (4,) array
        Of waste in bins by stream, kg/m3.
    travel_luck, service_luck : (P, D) arrays
        Random factors of the way to a point and of the service there, by day.
    claim : (P,) array of int
        Whose present stretch a point is in, or -1; those of a new stretch are entered.
    """

    bins: Bins
    ways: Ways
    density: Floats
    travel_luck: Floats
    service_luck: Floats
    claim: NDArray[np.int64]


def stretch(
    course: Course,
    stops: NDArray[np.int64],
    not_before_s: Floats,
    of_kind: Floats,
    of_duty: Floats,
    first: tuple[Floats, Floats],
    outward: tuple[Floats, Floats],
    me: int,
    force: bool,
    state: Floats,
) -> tuple[Floats, int, int]:
    """Work out a stretch of stops.

    Parameters
    ----------
    stops : (n,) array of int
        Points in order.
    not_before_s : (n,) array
        Service of a stop does not begin earlier.
    of_kind, of_duty : (10,), (6,) arrays
        A `TruckKind` and a `Duty`.
    first : pair of (N,) arrays
        Way from where the truck is to every place, m and s.
    outward : pair of (N,) arrays
        Way to the nearest charger or the depot, m; time to unload and get home, s.
    me : int
        Number of the truck.
    force : bool
        Whether the first stop is served even if energy or time may not do.
    state : (9,) array
        Now, place, energy, time at the wheel since a rest, whether the break was taken, load.

    Returns
    -------
    (rows, stops done, why it ended)
    """
    c = course
    out = np.empty((MOST_ROWS_PER_STOP * len(stops), WIDTH))
    rows, done, why = _stretch(
        stops, *c.bins, *c.ways, of_kind, of_duty, *first, c.density, c.travel_luck,
        c.service_luck, *outward, c.claim, me, not_before_s, force, state, out,
    )  # fmt: skip
    return out[:rows], done, why


def trip(
    ways: Ways,
    target: int,
    to: int,
    metres: float,
    free_s: float,
    luck: float,
    of_kind: Floats,
    of_duty: Floats,
    state: Floats,
) -> Floats:
    """Work out one way to a place, with the rest or break before it; return its rows.

    ``target`` is what the rows say they lead to, ``luck`` the random factor of the time; the
    others as in `stretch`.
    """
    out = np.empty((3, WIDTH))
    return out[: _trip(target, to, metres, free_s, luck, *ways, of_kind, of_duty, state, out)]


def settle(course: Course, rows: Floats) -> tuple[Floats, float]:
    """Take the waste of finished rows out of the bins.

    Overflow is looked at when collection begins, which is also when the content is taken.

    Returns
    -------
    (began, worked_s)
        When overflow began, by row, or NaN; time spent driving and collecting.
    """
    began = np.empty(len(rows))
    worked_s = _settle(rows, *course.bins, course.claim, began)
    return began, worked_s
