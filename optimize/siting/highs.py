"""Mixed-integer and linear programs from sparse arrays, solved by HiGHS.

Built from arrays because a modelling layer spends more time on building than HiGHS on solving:
for a p-median of 900 sites 18.5 s in PuLP against 0.6 s here.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix

from optimize.siting.watch import Watch

Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Program:
    """Minimise ``cost @ x`` subject to ``row_lower <= rows @ x <= row_upper`` and bounds on x."""

    cost: Floats
    rows: csr_matrix
    row_lower: Floats
    row_upper: Floats
    lower: Floats
    upper: Floats
    whole: NDArray[np.bool_]
    offset: float = 0.0


@dataclass(frozen=True, eq=False)
class Solved:
    """The best point found (none if none was), a bound on all, and whether it ran to its end."""

    x: Floats | None
    value: float
    bound: float
    finished: bool
    infeasible: bool = False
    duals: Floats | None = None
    reduced: Floats | None = None


def solve(
    program: Program, watch: Watch | None = None, *, start: Floats | None = None,
    unit: float = 0.0, nodes: int | None = None, seconds: float = math.inf,
    offset_told: float | None = None, sign: float = 1.0, relaxed: bool = False, seed: int = 0,
) -> Solved:  # fmt: skip
    """Solve a program with one thread.

    Parameters
    ----------
    watch
        Asked whether to stop.
    start : array, optional
        A point to begin with.
    unit : float
        Values are whole multiples of it: a smaller gap is none.
    offset_told : float, optional
        If given, the watch is told values and bounds as ``sign * (value + offset_told)``.
    relaxed : bool
        Solve the linear relaxation.
    """
    import highspy

    model = highspy.Highs()
    for option, setting in {
        "output_flag": False, "threads": 1, "random_seed": seed, "mip_rel_gap": 0.0,
        "mip_abs_gap": 0.999 * unit if unit else 1e-9,
    }.items():  # fmt: skip
        model.setOptionValue(option, setting)
    if nodes is not None:
        model.setOptionValue("mip_max_nodes", nodes)
    most = min(seconds, watch.wall_left if watch is not None else math.inf)
    if math.isfinite(most):
        model.setOptionValue("time_limit", max(most, 0.01))
    model.passModel(_arrays(program, relaxed))
    whole = bool(program.whole.any()) and not relaxed
    if start is not None and whole:
        point = highspy.HighsSolution()
        point.col_value = list(start)
        model.setSolution(point)
    if watch is not None:
        _listen(model, watch, offset_told, sign, whole)
    model.run()
    status = model.getModelStatus()
    if watch is not None and status == highspy.HighsModelStatus.kTimeLimit:
        watch.out_of_time()
    info = model.getInfo()
    found = info.primal_solution_status == 2
    solution = model.getSolution()
    finished = status in (
        highspy.HighsModelStatus.kOptimal, highspy.HighsModelStatus.kInfeasible,
    )  # fmt: skip
    value = float(info.objective_function_value) if found else math.inf
    if whole:
        bound = float(info.mip_dual_bound)
    else:
        bound = value if status == highspy.HighsModelStatus.kOptimal else -math.inf
    return Solved(
        x=np.array(solution.col_value) if found else None,
        value=value,
        bound=bound,
        finished=finished,
        infeasible=status == highspy.HighsModelStatus.kInfeasible,
        duals=np.array(solution.row_dual) if solution.dual_valid else None,
        reduced=np.array(solution.col_dual) if solution.dual_valid else None,
    )


def _arrays(program: Program, relaxed: bool) -> Any:
    import highspy

    lp = highspy.HighsLp()
    lp.num_col_, lp.num_row_ = len(program.cost), program.rows.shape[0]
    lp.col_cost_, lp.offset_ = program.cost, program.offset
    lp.col_lower_, lp.col_upper_ = program.lower, program.upper
    lp.row_lower_, lp.row_upper_ = program.row_lower, program.row_upper
    lp.a_matrix_.format_ = highspy.MatrixFormat.kRowwise
    lp.a_matrix_.start_ = program.rows.indptr
    lp.a_matrix_.index_ = program.rows.indices
    lp.a_matrix_.value_ = program.rows.data
    if program.whole.any() and not relaxed:
        kinds = (highspy.HighsVarType.kContinuous, highspy.HighsVarType.kInteger)
        lp.integrality_ = [kinds[int(flag)] for flag in program.whole]
    return lp


def _listen(model: Any, watch: Watch, offset: float | None, sign: float, whole: bool) -> None:
    """Let the watch end the solve, and tell it how far the solve is."""
    import highspy

    kinds = highspy.cb.HighsCallbackType

    def heard(kind: Any, _message: str, said: Any, answer: Any, _data: Any) -> None:
        if kind == kinds.kCallbackMipInterrupt and offset is not None:
            if math.isfinite(said.mip_dual_bound):
                watch.told(bound=sign * (said.mip_dual_bound + offset))
            if abs(said.mip_primal_bound) < 1e29:
                watch.told(value=sign * (said.mip_primal_bound + offset))
        if watch.stop():
            answer.user_interrupt = True

    model.setCallback(heard, None)
    model.startCallback(kinds.kCallbackSimplexInterrupt)
    model.startCallback(kinds.kCallbackIpmInterrupt)
    if whole:
        model.startCallback(kinds.kCallbackMipInterrupt)
