"""A roster at once: duties in order of time, each to the crew with the most hours left."""

from __future__ import annotations

from optimize.routing.crews.may import hindrance
from optimize.routing.crews.problem import DAY_S, WEEK_DAYS, Crew, CrewProblem, Duty, Rules

# Which duties a crew does so far, in order.
_Done = list[int]


def roster(problem: CrewProblem) -> tuple[list[int | None], set[tuple[int, int]]]:
    """Return the crew of each duty, and (crew, duty) where the week's rest follows the duty."""
    duties = problem.duties
    done: list[_Done] = [[] for _ in problem.crews]
    hours = [0.0] * len(problem.crews)
    crew_of: list[int | None] = [None] * len(duties)
    # Those with few crews to choose from first, within a day.
    able = [
        [c for c, crew in enumerate(problem.crews) if not hindrance(crew, duty, problem.rules)]
        for duty in duties
    ]
    order = sorted(
        range(len(duties)), key=lambda d: (duties[d].day, len(able[d]), duties[d].begin_s)
    )
    for d in order:
        candidates = sorted(able[d], key=lambda c: (hours[c] - problem.crews[c].regular_s, c))
        for c in candidates:
            with_it = sorted([*done[c], d], key=lambda e: duties[e].begin_s)
            if _keeps(problem.crews[c], [duties[e] for e in with_it], problem.rules):
                done[c] = with_it
                hours[c] += duties[d].length_s
                crew_of[d] = c
                break
    rests = set()
    for c, crew in enumerate(problem.crews):
        begins = [*(duties[d].begin_s for d in done[c]), WEEK_DAYS * DAY_S]
        if not done[c] or begins[0] - max(crew.last_end_s, 0.0) >= problem.rules.week_rest_s:
            continue
        for d, following in zip(done[c], begins[1:], strict=True):
            if following - duties[d].end_s >= problem.rules.week_rest_s:
                rests.add((c, d))
                break
    return crew_of, rests


def _keeps(crew: Crew, duties: list[Duty], rules: Rules) -> bool:
    for first, second in zip(duties, duties[1:], strict=False):
        if second.begin_s < first.end_s + rules.rest_s:
            return False
    # Whole seconds, as in the model.
    if sum(int(duty.length_s) + 1 for duty in duties) > crew.most_s:
        return False
    days = {duty.day for duty in duties}
    if len(days) > crew.most_days:
        return False
    row = crew.days_in_row_before
    for day in range(WEEK_DAYS):
        row = row + 1 if day in days else 0
        if row > rules.most_days_in_row:
            return False
    edges = [max(crew.last_end_s, 0.0), *(duty.end_s for duty in duties)]
    begins = [*(duty.begin_s for duty in duties), WEEK_DAYS * DAY_S]
    return max(b - a for a, b in zip(edges, begins, strict=True)) >= rules.week_rest_s
