"""An independent check of a schedule, in continuous time and from the problem alone."""

from __future__ import annotations

import math

from optimize.routing.charger_schedule.problem import ChargingProblem, Schedule, Session, Stay
from optimize.routing.problem import ChargingCurve

_TIME_S = 1e-5
_POWER_KW = 1e-6
_COST = 1e-6


def violations(problem: ChargingProblem, schedule: Schedule) -> list[str]:
    """Return what is wrong with a schedule: nothing if it is one.

    Every stay charges once or is named as uncharged; sessions last as long as the curve says and
    lie within their stays; no gun serves two trucks at once; at every moment the power of all
    sessions at a place is within its limit; the cost is what energy and lateness cost.
    """
    found = []
    names = [problem.stays[session.stay].id for session in schedule.sessions]
    served = {session.stay for session in schedule.sessions}
    left = {stay for stay, _ in schedule.uncharged}
    if len(names) != len(served):
        found.append("a stay charges twice")
    for i, stay in enumerate(problem.stays):
        if stay.energy_kwh > 0.0 and (i in served) == (i in left):
            found.append(
                f"{stay.id} is {'both' if i in served else 'neither'} charged and left out"
            )
    cost = 0.0
    draws: dict[int, list[tuple[float, float, float]]] = {}
    for session in schedule.sessions:
        stay = problem.stays[session.stay]
        if session.place not in stay.places:
            found.append(f"{stay.id} must not charge at {problem.places[session.place].id}")
            continue
        found += _within_stay(stay, session)
        for begin, end, kw in _drawn(stay, session):
            draws.setdefault(session.place, []).append((begin, end, kw))
            cost += _price(problem, session.place, begin, end, kw)
        cost += max(session.end_s - stay.leave_s, 0.0) * stay.cost_per_late_s
    found += _guns(problem, schedule)
    for place, drawn in sorted(draws.items()):
        found += _power(problem, place, drawn)
    if abs(cost - schedule.cost) > _COST * max(1.0, abs(cost)):
        found.append(f"costs {cost:.9g}, said to cost {schedule.cost:.9g}")
    if schedule.bound > schedule.cost + _COST * max(1.0, abs(schedule.cost)):
        found.append(f"bound {schedule.bound:.9g} above the cost {schedule.cost:.9g}")
    return found


def _curve(stay: Stay, place: int) -> ChargingCurve:
    return stay.curves[stay.places.index(place)]


def _time_from_empty(curve: ChargingCurve, energy: float) -> float:
    for (e0, e1), (t0, t1) in zip(
        zip(curve.energy_kwh, curve.energy_kwh[1:], strict=False),
        zip(curve.time_s, curve.time_s[1:], strict=False),
        strict=True,
    ):
        if energy <= e1:
            return t0 + (t1 - t0) * (energy - e0) / (e1 - e0)
    return curve.time_s[-1]


def _within_stay(stay: Stay, session: Session) -> list[str]:
    found = []
    curve = _curve(stay, session.place)
    needs = _time_from_empty(curve, stay.start_kwh + stay.energy_kwh) - _time_from_empty(
        curve, stay.start_kwh
    )
    if abs(session.end_s - session.begin_s - needs) > _TIME_S:
        found.append(f"{stay.id} charges {session.end_s - session.begin_s:g} s, needs {needs:g} s")
    if session.begin_s < stay.arrive_s - _TIME_S:
        found.append(f"{stay.id} charges before it arrives")
    if session.end_s > stay.leave_s + stay.most_late_s + _TIME_S:
        found.append(f"{stay.id} is {session.end_s - stay.leave_s:g} s late")
    return found


def _drawn(stay: Stay, session: Session) -> list[tuple[float, float, float]]:
    """Return (begin, end, kW) of the session along its curve."""
    curve = _curve(stay, session.place)
    offset = session.begin_s - _time_from_empty(curve, stay.start_kwh)
    pieces = []
    for k in range(len(curve.energy_kwh) - 1):
        begin = max(offset + curve.time_s[k], session.begin_s)
        end = min(offset + curve.time_s[k + 1], session.end_s)
        if end > begin:
            slope = (curve.energy_kwh[k + 1] - curve.energy_kwh[k]) / (
                curve.time_s[k + 1] - curve.time_s[k]
            )
            pieces.append((begin, end, slope * 3600.0))
    return pieces


def _price(problem: ChargingProblem, place: int, begin: float, end: float, kw: float) -> float:
    tariff = problem.places[place].price_per_kwh
    cost = 0.0
    for k, value in enumerate(tariff.value):
        until = tariff.from_s[k + 1] if k + 1 < len(tariff.from_s) else math.inf
        overlap = min(end, until) - max(begin, tariff.from_s[k])
        cost += max(overlap, 0.0) * kw / 3600.0 * value
    return cost


def _guns(problem: ChargingProblem, schedule: Schedule) -> list[str]:
    found = []
    by_gun: dict[tuple[int, int], list[Session]] = {}
    for session in schedule.sessions:
        by_gun.setdefault((session.place, session.gun), []).append(session)
        if not 0 <= session.gun < problem.places[session.place].guns:
            found.append(f"{problem.places[session.place].id} has no gun {session.gun}")
    for (place, gun), sessions in by_gun.items():
        sessions.sort(key=lambda s: s.begin_s)
        for first, second in zip(sessions, sessions[1:], strict=False):
            if second.begin_s < first.end_s - _TIME_S:
                found.append(
                    f"gun {gun} of {problem.places[place].id} serves "
                    f"{problem.stays[first.stay].id} and {problem.stays[second.stay].id} at once"
                )
    return found


def _power(
    problem: ChargingProblem, place: int, drawn: list[tuple[float, float, float]]
) -> list[str]:
    limit = problem.places[place].limit_kw
    moments = {at for begin, end, _ in drawn for at in (begin, end)}
    moments.update(limit.from_s)
    ordered = sorted(moments)
    found = []
    for a, b in zip(ordered, ordered[1:], strict=False):
        if b - a <= _TIME_S:
            continue
        middle = (a + b) / 2.0
        total = math.fsum(kw for begin, end, kw in drawn if begin < middle < end)
        most = limit.value[sum(at <= middle for at in limit.from_s) - 1]
        if total > most + _POWER_KW:
            found.append(
                f"{problem.places[place].id} draws {total:.3f} kW from {a:g} s, limit {most:g} kW"
            )
    return found
