"""Whether a crew may do a duty at all, and why not."""

from __future__ import annotations

from optimize.routing.crews.problem import Crew, CrewProblem, Duty, Rules


def hindrance(crew: Crew, duty: Duty, rules: Rules) -> str:
    """Return why a crew cannot do a duty even if it did nothing else; empty if it can."""
    missing = sorted(duty.needs - crew.qualifications)
    if missing:
        return f"not qualified: {', '.join(missing)}"
    if any(begin < duty.end_s and duty.begin_s < end for begin, end in crew.away):
        return "away"
    if duty.begin_s < crew.last_end_s + rules.rest_s:
        return "still resting from the week before"
    if duty.length_s > crew.most_s:
        return "longer than its hours"
    if duty.day < 1 and crew.days_in_row_before >= rules.most_days_in_row:
        return "has worked too many days in a row"
    return ""


def why_undone(problem: CrewProblem, duty: Duty) -> str:
    """Return why no crew does a duty."""
    reasons: dict[str, int] = {}
    for crew in problem.crews:
        reason = hindrance(crew, duty, problem.rules)
        reasons[reason] = reasons.get(reason, 0) + 1
    free = reasons.pop("", 0)
    others = ", ".join(f"{count} {reason}" for reason, count in sorted(reasons.items()))
    if free:
        text = f"all {free} crews that could do it have other duties, rests or no hours left"
        return f"{text} ({others})" if others else text
    return f"no crew can do it ({others})" if others else "there are no crews"
