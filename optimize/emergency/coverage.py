"""The best sites with a proven bound, by CP-SAT.

Weighted coverage with capacities (Church and ReVelle's maximal covering problem, 1974, with a
worth that falls with the travel time): whole trucks by site, yes or no for each truck's points.
"""

from __future__ import annotations

from ortools.sat.python import cp_model

from optimize.emergency.problem import Coverage, Placement

_STEPS = 1_000_000
"""Whole numbers the largest worth is expressed in."""


def place(problem: Coverage, *, effort: float = 20.0, workers: int = 1) -> Placement:
    """Return the best placement found, with a bound on all others.

    The same problem and effort give the same answer: the effort is counted, not timed.

    Parameters
    ----------
    effort
        Deterministic time of the solver, about seconds.
    workers
        Threads of the solver; more than one is quicker, but then answers of equal value may
        differ from run to run.
    """
    worths = {
        (site, need.point, rank): worth
        for site in problem.room
        for need in problem.needs
        for rank in range(len(need.shares))
        if (worth := problem.worth(site, need, rank)) > 0.0
    }
    if not worths or problem.trucks == 0:
        return Placement({}, (), 0.0, 0.0)
    unit = max(worths.values()) / _STEPS
    model = cp_model.CpModel()
    trucks = {
        site: model.new_int_var(0, min(room, problem.trucks), site)
        for site, room in problem.room.items()
    }
    covers = {key: model.new_bool_var("/".join(map(str, key))) for key in worths}
    model.add(sum(trucks.values()) <= problem.trucks)
    by_site: dict[str, list[cp_model.IntVar]] = {site: [] for site in trucks}
    by_slot: dict[tuple[str, int], list[cp_model.IntVar]] = {}
    for (site, point, rank), cover in covers.items():
        by_site[site].append(cover)
        by_slot.setdefault((point, rank), []).append(cover)
        model.add(cover <= trucks[site])  # weaker together, but it makes the relaxation tight
    for site, mine in by_site.items():
        model.add(sum(mine) <= problem.points_per_truck * trucks[site])
    for mine in by_slot.values():
        model.add_at_most_one(mine)
    model.maximize(sum(round(worths[key] / unit) * cover for key, cover in covers.items()))

    solver = cp_model.CpSolver()
    solver.parameters.max_deterministic_time = effort
    solver.parameters.num_workers = workers
    solver.parameters.random_seed = 1
    status = solver.solve(model)
    if status not in (cp_model.OPTIMAL, cp_model.FEASIBLE):  # no trucks anywhere is always allowed
        raise AssertionError(f"CP-SAT: {solver.status_name(status)}")
    chosen = tuple(key for key, cover in covers.items() if solver.value(cover))
    value = sum(worths[key] for key in chosen)
    # Every worth was rounded by up to half a unit, in the answer and in whatever is better.
    rounding = 0.5 * unit * len(by_slot)
    bound = max(solver.best_objective_bound * unit + rounding, value)
    return Placement(
        sites={site: solver.value(var) for site, var in trucks.items() if solver.value(var)},
        covers=chosen,
        value=value,
        bound=bound,
    )
