"""One drive and what follows it: serving a stop, unloading, charging, a break or the end."""

from __future__ import annotations

import numpy as np

from optimize.routing.core.arrays import (
    BATTERY,
    CAPACITY,
    DEMAND,
    END_ENERGY,
    PER_M,
    RATE,
    SERVICE,
    SHIFT_TO,
    WORK,
    Arrays,
)
from optimize.routing.core.day_arrays import (
    BATTERY_FLAG,
    BREAKS,
    DRIVE_LIMIT,
    MOST_DURATION,
    MOST_METRES,
    MUST_EMPTY,
    PER_KWH,
    PER_OVERTIME,
    PER_S,
    REGULAR_END,
    REST,
    TIME_COUNTS,
    UNIT_RATE,
    Day,
)
from optimize.routing.core.day_dominance import (
    ABOARD,
    BREAK,
    CHARGED,
    COST,
    DRIVEN,
    ENERGY,
    LATE,
    LEVEL,
    METRES,
    MORE,
    POINT,
    PROMISE,
    SETTLED,
    SLACK,
    STOOD,
    TECHNOLOGY,
    TIME,
    TOLERANCE,
    Labels,
    charged_until,
    charging_time,
)
from sim.kernel.compiled import compiled

# What a label stands for.
STOP, SITE, CHARGER, BREAK_HERE, BREAK_THERE, FINISH, BEGIN = 0, 1, 2, 3, 4, 5, 6


@compiled
def arrival(y: Day, leave: float, seconds: float) -> float:
    """Return when a drive ends that takes ``seconds`` at factor 1 (Ichoua et al. 2003)."""
    moments = len(y.profile)
    if moments == 1:
        return leave + seconds / y.profile[0, 1]
    now = leave
    for m in range(moments):
        until = y.profile[m + 1, 0] if m + 1 < moments else np.inf
        if now >= until:
            continue
        factor = y.profile[m, 1]
        if seconds <= (until - now) * factor:
            return now + seconds / factor
        seconds -= (until - now) * factor
        now = until
    return np.inf


@compiled
def overdue(y: Day, k: int, taken: int, time: float) -> bool:
    """Return whether a break should have begun before ``time`` and has not."""
    return taken < int(y.truck[k, BREAKS]) and time > y.breaks[k, taken, 1] + TOLERANCE


@compiled
def charge_before(y: Day, k: int, labels: Labels, n: int) -> bool:
    """Charge in hindsight what label n is short of. Returns whether that can be done."""
    short = -labels[n, ENERGY]
    if short <= 0.0:
        return True
    if short > TOLERANCE:
        if short > labels[n, MORE] + TOLERANCE:
            return False
        tech = int(labels[n, TECHNOLOGY])
        level = labels[n, LEVEL]
        seconds = charging_time(y, k, tech, level + short) - charging_time(y, k, tech, level)
        labels[n, TIME] += seconds
        labels[n, LEVEL] += short
        labels[n, CHARGED] += short
        labels[n, MORE] = max(0.0, labels[n, MORE] - short)
        labels[n, LATE] = max(labels[n, SLACK], labels[n, LATE] - seconds)
    labels[n, ENERGY] = 0.0
    return True


@compiled
def limit_more(y: Day, k: int, labels: Labels, n: int, spare: float) -> None:
    """What may be charged in hindsight puts off what is done here by at most ``spare``."""
    if labels[n, MORE] > 0.0 and spare < np.inf:
        tech = int(labels[n, TECHNOLOGY])
        level = labels[n, LEVEL]
        top = charged_until(y, k, tech, charging_time(y, k, tech, level) + max(0.0, spare))
        labels[n, MORE] = max(0.0, min(labels[n, MORE], top - level))


@compiled
def wait_until(y: Day, k: int, labels: Labels, n: int, moment: float) -> None:
    """Wait, on the last charger as far as that helps, else by starting later."""
    wait = moment - labels[n, TIME]
    if wait <= 0.0:
        return
    if labels[n, MORE] > 0.0:
        tech = int(labels[n, TECHNOLOGY])
        level = labels[n, LEVEL]
        top = charged_until(y, k, tech, charging_time(y, k, tech, level) + wait)
        extra = max(0.0, min(labels[n, MORE], top - level))
        labels[n, ENERGY] += extra
        labels[n, LEVEL] += extra
        labels[n, CHARGED] += extra
        labels[n, MORE] -= extra
    elif y.truck[k, TIME_COUNTS] != 0.0 and len(y.profile) == 1:
        labels[n, SLACK] = min(labels[n, LATE], labels[n, SLACK] + wait)
    labels[n, TIME] = moment


@compiled
def drive_to(d: Arrays, y: Day, k: int, labels: Labels, a: int, n: int, j: int) -> bool:
    """Make label n: label a driven to point j. Returns whether it gets there."""
    for f in range(labels.shape[1]):
        labels[n, f] = labels[a, f]
    i = int(labels[a, POINT])
    labels[n, POINT] = j
    if i == j:
        return True
    far = d.distance[i, j]
    if far == np.inf:
        return False
    arrive = arrival(y, labels[n, TIME], d.duration[i, j])
    wheel = arrive - labels[n, TIME]
    limit = y.truck[k, DRIVE_LIMIT]
    if labels[n, DRIVEN] + wheel > limit + TOLERANCE:
        extra = max(0.0, y.truck[k, REST] - labels[n, STOOD])
        labels[n, TIME] += extra
        labels[n, DRIVEN] = 0.0
        arrive = arrival(y, labels[n, TIME], d.duration[i, j])
        wheel = arrive - labels[n, TIME]
        if wheel > limit + TOLERANCE:
            return False
    labels[n, DRIVEN] += wheel if limit < np.inf else 0.0
    labels[n, TIME] = arrive
    labels[n, STOOD] = 0.0
    labels[n, METRES] += far if y.truck[k, MOST_METRES] < np.inf else 0.0
    if labels[n, METRES] > y.truck[k, MOST_METRES] * (1.0 + TOLERANCE):
        return False
    rate = d.truck[k, RATE]
    for q in range(labels.shape[1] - ABOARD):
        rate += y.by_load[UNIT_RATE, k, q] * labels[n, ABOARD + q]
    used = far * rate
    labels[n, COST] += far * d.truck[k, PER_M] + used * y.truck[k, PER_KWH]
    if y.truck[k, BATTERY_FLAG] != 0.0:
        labels[n, ENERGY] -= used
    return labels[n, TIME] <= d.truck[k, SHIFT_TO] + TOLERANCE


@compiled
def in_window(y: Day, k: int, labels: Labels, n: int, point: int, number: int) -> bool:
    """Let label n begin in window ``number`` of a point. Returns whether it can."""
    begin, end = y.windows[point, number, 0], y.windows[point, number, 1]
    if labels[n, TIME] > end + TOLERANCE:
        return False
    wait_until(y, k, labels, n, begin)
    spare = end - labels[n, TIME]
    limit_more(y, k, labels, n, spare)
    if spare < np.inf:
        labels[n, LATE] = min(labels[n, LATE], labels[n, SLACK] + max(0.0, spare))
    return True


@compiled
def stand(y: Day, k: int, labels: Labels, n: int, arrive: float) -> None:
    """Note how long label n stood where it is, now that it leaves."""
    if y.truck[k, DRIVE_LIMIT] < np.inf:
        labels[n, STOOD] += labels[n, TIME] - arrive
        if labels[n, STOOD] >= y.truck[k, REST] - TOLERANCE:
            labels[n, DRIVEN] = 0.0


@compiled
def serve_stop(
    d: Arrays, y: Day, k: int, labels: Labels, a: int, n: int, c: int, window: int
) -> bool:
    """Make label n: label a goes on to serve stop c in a window of its."""
    if y.release[c] > labels[a, PROMISE] + TOLERANCE:
        return False
    if not drive_to(d, y, k, labels, a, n, c):
        return False
    if y.truck[k, BATTERY_FLAG] != 0.0:
        labels[n, ENERGY] -= d.pair[WORK, k, c]
    labels[n, COST] += d.pair[WORK, k, c] * y.truck[k, PER_KWH]
    arrive = labels[n, TIME]
    if not charge_before(y, k, labels, n) or not in_window(y, k, labels, n, c, window):
        return False
    if overdue(y, k, int(labels[n, BREAK]), labels[n, TIME]):
        return False
    for q in range(labels.shape[1] - ABOARD):
        labels[n, ABOARD + q] += d.stop[c, DEMAND + q]
        if (
            d.stop[c, DEMAND + q] > 0.0
            and labels[n, ABOARD + q] > d.truck[k, CAPACITY + q] * (1.0 + TOLERANCE) + TOLERANCE
        ):
            return False
    labels[n, TIME] += d.stop[c, SERVICE]
    stand(y, k, labels, n, arrive)
    return True


@compiled
def unload(
    d: Arrays, y: Day, k: int, labels: Labels, a: int, n: int, z: int, window: int, promise: float
) -> bool:
    """Make label n: label a empties at site z; the next trip serves what is released by then."""
    useful = False
    for q in range(labels.shape[1] - ABOARD):
        useful |= y.accepts[z, q] != 0.0 and labels[a, ABOARD + q] > 0.0
    point = len(d.distance) - d.sites + z
    if not useful or not drive_to(d, y, k, labels, a, n, point):
        return False
    arrive = labels[n, TIME]
    if not charge_before(y, k, labels, n) or not in_window(y, k, labels, n, point, window):
        return False
    seconds = y.unload[z, 0]
    for q in range(labels.shape[1] - ABOARD):
        if y.accepts[z, q] != 0.0:
            seconds += y.unload[z, 1 + q] * labels[n, ABOARD + q]
            labels[n, ABOARD + q] = 0.0
    labels[n, TIME] += seconds
    if promise > 0.0:
        wait_until(y, k, labels, n, promise)
        labels[n, PROMISE] = promise
    stand(y, k, labels, n, arrive)
    return not overdue(y, k, int(labels[n, BREAK]), labels[n, TIME])


@compiled
def plug_in(
    d: Arrays, y: Day, k: int, labels: Labels, a: int, n: int, s: int, before: float, goal: float
) -> bool:
    """Make label n: label a charges at charger s, after ``before`` more where it last did.

    It leaves with ``goal``; if that is NaN, what is charged is settled in hindsight.
    """
    for f in range(labels.shape[1]):
        labels[n, f] = labels[a, f]
    if before > 0.0:
        labels[n, ENERGY] -= before
        missing = labels[n, ENERGY]
        labels[n, ENERGY] = -before
        if not charge_before(y, k, labels, n):
            return False
        labels[n, ENERGY] = missing + 2.0 * before
    point = d.stops + s
    if not drive_to(d, y, k, labels, n, n, point):
        return False
    arrive = labels[n, TIME]
    if not charge_before(y, k, labels, n):
        return False
    reached = False
    for window in range(y.windows.shape[1]):
        if labels[n, TIME] <= y.windows[point, window, 1] + TOLERANCE:
            reached = in_window(y, k, labels, n, point, window)
            break
    tech = y.technology[s]
    top = d.truck[k, BATTERY]
    if not reached or labels[n, ENERGY] >= top - TOLERANCE:
        return False
    labels[n, SETTLED] = labels[n, CHARGED]
    labels[n, TECHNOLOGY] = tech
    labels[n, LEVEL] = labels[n, ENERGY]
    labels[n, CHARGED] = 0.0
    labels[n, MORE] = top - labels[n, ENERGY]
    begin = charging_time(y, k, tech, labels[n, ENERGY])
    whole = charging_time(y, k, tech, top) - begin
    if d.full != 0 or whole <= 0.0:
        goal = top
    if not np.isnan(goal):
        if goal < labels[n, ENERGY]:
            return False
        labels[n, TIME] += charging_time(y, k, tech, goal) - begin
        labels[n, CHARGED] = goal - labels[n, ENERGY]
        labels[n, ENERGY] = goal
        labels[n, LEVEL] = goal
        labels[n, MORE] = 0.0
    stand(y, k, labels, n, arrive)
    return not overdue(y, k, int(labels[n, BREAK]), labels[n, TIME])


@compiled
def pause(d: Arrays, y: Day, k: int, labels: Labels, a: int, n: int, j: int) -> bool:
    """Make label n: label a takes its next break, after driving to point j."""
    number = int(labels[a, BREAK])
    if number >= int(y.truck[k, BREAKS]) or not drive_to(d, y, k, labels, a, n, j):
        return False
    if not charge_before(y, k, labels, n):
        return False
    earliest, latest, length = y.breaks[k, number]
    if labels[n, TIME] > latest + TOLERANCE:
        return False
    arrive = labels[n, TIME]
    wait_until(y, k, labels, n, earliest)
    limit_more(y, k, labels, n, latest - labels[n, TIME])
    labels[n, LATE] = min(labels[n, LATE], labels[n, SLACK] + max(0.0, latest - labels[n, TIME]))
    labels[n, TIME] += length
    labels[n, BREAK] += 1.0
    stand(y, k, labels, n, arrive)
    if length >= y.truck[k, REST]:
        labels[n, DRIVEN] = 0.0
    return True


@compiled
def finish(d: Arrays, y: Day, k: int, labels: Labels, a: int, n: int, j: int) -> bool:
    """Make label n: label a ends its day at point j, all costs counted."""
    if not drive_to(d, y, k, labels, a, n, j):
        return False
    labels[n, ENERGY] -= d.truck[k, END_ENERGY]
    if not charge_before(y, k, labels, n):
        return False
    time = labels[n, TIME]
    if time > d.truck[k, SHIFT_TO] + TOLERANCE or overdue(y, k, int(labels[n, BREAK]), time):
        return False
    if y.truck[k, MUST_EMPTY] != 0.0:
        for q in range(labels.shape[1] - ABOARD):
            if labels[n, ABOARD + q] > 1e-7:
                return False
    duration = time - labels[n, SLACK]
    if duration > y.truck[k, MOST_DURATION] * (1.0 + TOLERANCE) + TOLERANCE:
        return False
    labels[n, COST] += duration * y.truck[k, PER_S]
    labels[n, COST] += max(0.0, time - y.truck[k, REGULAR_END]) * y.truck[k, PER_OVERTIME]
    return True
