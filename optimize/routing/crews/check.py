"""An independent check of a roster, from the problem alone."""

from __future__ import annotations

import math

from optimize.routing.crews.problem import DAY_S, WEEK_DAYS, Crew, CrewProblem, Duty, Roster

_TIME_S = 1e-6
_COST = 1e-6


def violations(problem: CrewProblem, roster: Roster) -> list[str]:
    """Return what is wrong with a roster: nothing if it is one."""
    found = []
    if len(roster.crew_of) != len(problem.duties):
        return [f"{len(roster.crew_of)} duties of {len(problem.duties)}"]
    undone = [d for d, _ in roster.undone]
    for d, who in enumerate(roster.crew_of):
        if (who is None) != (d in undone):
            found.append(f"{problem.duties[d].id} is neither done nor said to be undone, or both")
    cost = 0.0
    beyond = []
    for c, crew in enumerate(problem.crews):
        duties = sorted(
            (problem.duties[d] for d, doer in enumerate(roster.crew_of) if doer == c),
            key=lambda duty: duty.begin_s,
        )
        found += [f"{crew.id}: {text}" for text in _of_crew(problem, crew, duties)]
        hours = math.fsum(duty.end_s - duty.begin_s for duty in duties)
        beyond.append(hours - crew.regular_s)
        cost += hours * crew.cost_per_s + max(beyond[-1], 0.0) * crew.cost_per_overtime_s
    if beyond:
        cost += problem.rules.fairness_cost_per_s * (max(beyond) - min(beyond))
    penalties = [problem.duties[d].penalty for d in undone]
    cost += math.fsum(p for p in penalties if math.isfinite(p))
    if abs(cost - roster.cost) > _COST * max(1.0, abs(cost)):
        found.append(f"costs {cost:.9g}, said to cost {roster.cost:.9g}")
    if roster.bound > roster.cost + _COST * max(1.0, abs(cost)):
        found.append(f"bound {roster.bound:.9g} above the cost {roster.cost:.9g}")
    return found


def _of_crew(problem: CrewProblem, crew: Crew, duties: list[Duty]) -> list[str]:
    rules = problem.rules
    found = []
    for duty in duties:
        if not duty.needs <= crew.qualifications:
            found.append(f"not qualified for {duty.id}")
        found += [
            f"away during {duty.id}"
            for begin, end in crew.away
            if max(begin, duty.begin_s) < min(end, duty.end_s)
        ]
    ends = [crew.last_end_s, *(duty.end_s for duty in duties)]
    for end, duty in zip(ends, duties, strict=False):
        if duty.begin_s - end < rules.rest_s - _TIME_S:
            found.append(f"rests {duty.begin_s - end:g} s before {duty.id}")
    if math.fsum(duty.end_s - duty.begin_s for duty in duties) > crew.most_s + _TIME_S:
        found.append("works more than its hours")
    days = {math.floor(duty.begin_s / DAY_S) for duty in duties}
    if len(days) > crew.most_days:
        found.append(f"works on {len(days)} days")
    row = crew.days_in_row_before
    for day in range(WEEK_DAYS):
        row = row + 1 if day in days else 0
        if row > rules.most_days_in_row:
            found.append(f"works {row} days in a row")
            break
    if duties:
        edges = [max(crew.last_end_s, 0.0), *(duty.end_s for duty in duties)]
        nexts = [*(duty.begin_s for duty in duties), WEEK_DAYS * DAY_S]
        longest = max(b - a for a, b in zip(edges, nexts, strict=True))
        if longest < rules.week_rest_s - _TIME_S:
            found.append(f"its longest rest of the week is {longest:g} s")
    return found
