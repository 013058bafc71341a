"""Which parameters a figure depends on: Morris screening and Sobol indices, by SALib.

Morris (1991, Technometrics 33, 161-174; mu* of Campolongo et al. 2007) walks through the box of
parameters one at a time: ``mu*`` is the mean size of the effect of a step over the whole range, in
the figure's own unit, ``sigma`` how much that effect depends on the rest. Sobol's indices (with
the estimators of Saltelli et al. 2010) split the variance: ``S1`` is what a parameter explains
alone, ``ST`` with all its interactions. Herman and Usher 2017, J. Open Source Softw. 2(9), 97.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from scenarios.points import Points
from sim.kernel.errors import InputError
from sim.kernel.system import Kpi

Method = Literal["morris", "sobol"]
METHODS: tuple[Method, ...] = ("morris", "sobol")
LEVELS = 4  # of Morris's grid: steps of two thirds of the range
_NEVER = 1e-300

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Factor:
    """A parameter and the range it is varied in, evenly."""

    path: str
    low: float
    high: float


@dataclass(frozen=True)
class Target:
    """A KPI; without an entity the whole system's, or else the largest over its entities."""

    name: str
    entity: str = ""


@dataclass(frozen=True)
class Effect:
    """What one parameter does. Half widths are of 95 % intervals, by bootstrap.

    Attributes
    ----------
    main, main_half
        ``mu*`` in the figure's unit, or ``ST``.
    other, other_half
        ``sigma``, which has no interval, or ``S1``.
    direction
        ``mu`` of Morris: its sign tells whether the figure rises with the parameter; none of
        Sobol.
    """

    factor: Factor
    main: float
    main_half: float
    other: float
    other_half: float | None
    direction: float | None


@dataclass(frozen=True)
class Sensitivity:
    """Effects, the largest first.

    Attributes
    ----------
    evaluations
        How often the figure was computed.
    censored
        In how many of them a zone had not drained at the end; they count with `censored_as`, so
        that the effects are understated.
    low, high
        Smallest and largest figure met.
    """

    method: Method
    target: Target
    unit: str
    effects: tuple[Effect, ...]
    evaluations: int
    censored: int
    censored_as: float
    low: float
    high: float


def parse_factor(text: str) -> Factor:
    """Read ``path=low:high``.

    Raises
    ------
    InputError
        If it is not of this form, or the range is empty.
    """
    path, equals, span = text.partition("=")
    low, colon, high = span.partition(":")
    expected = "PATH=LOW:HIGH, e.g. drainage.rain_multiplier=0.8:1.2"
    if not (path.strip() and equals and colon):
        raise InputError("not a range", where="--vary", value=text, expected=expected)
    try:
        ends = float(low), float(high)
    except ValueError as error:
        raise InputError("not a number", where="--vary", value=text, expected=expected) from error
    if not (math.isfinite(ends[0]) and math.isfinite(ends[1]) and ends[0] < ends[1]):
        raise InputError("an empty range", where="--vary", value=text, expected="LOW below HIGH")
    return Factor(path.strip(), *ends)


def parse_target(text: str) -> Target:
    """Read ``NAME`` or ``NAME:ENTITY``."""
    name, _, entity = text.partition(":")
    if not name:
        raise InputError("no name of a figure", where="--kpi", value=text, expected="NAME[:ENTITY]")
    return Target(name, entity)


def design(factors: Sequence[Factor], method: Method, size: int, seed: int) -> Floats:
    """Return the points to evaluate, (n, k): ``size (k + 1)`` of Morris, ``size (k + 2)`` of Sobol.

    Parameters
    ----------
    size
        Trajectories of Morris, at least 2; base sample of Sobol, a power of 2, at least 8.

    Raises
    ------
    InputError
        If the size does not suit the method, or a parameter comes twice.
    """
    _check(factors, method, size)
    problem = _problem(factors)
    if method == "morris":
        from SALib.sample import morris

        return np.asarray(morris.sample(problem, size, num_levels=LEVELS, seed=seed))
    from SALib.sample import sobol

    return np.asarray(sobol.sample(problem, size, calc_second_order=False, seed=seed))


def analyse(
    factors: Sequence[Factor], method: Method, points: Floats, figures: Floats, seed: int
) -> tuple[Effect, ...]:
    """Return the effects from the figures (n,) at the points (n, k) of `design`, largest first."""
    problem = _problem(factors)
    figures = np.asarray(figures, dtype=float)
    if float(np.ptp(figures)) <= _NEVER:  # nothing matters: the estimators would divide by zero
        none = None if method == "sobol" else 0.0
        other_half = 0.0 if method == "sobol" else None
        return tuple(Effect(factor, 0.0, 0.0, 0.0, other_half, none) for factor in factors)
    if method == "morris":
        from SALib.analyze import morris

        found = morris.analyze(
            problem, points, figures, num_levels=LEVELS, conf_level=0.95, seed=seed
        )
        effects = [
            Effect(factor, float(found["mu_star"][i]), float(found["mu_star_conf"][i]),
                   float(found["sigma"][i]), None, float(found["mu"][i]))
            for i, factor in enumerate(factors)
        ]  # fmt: skip
    else:
        from SALib.analyze import sobol

        found = sobol.analyze(problem, figures, calc_second_order=False, conf_level=0.95, seed=seed)
        effects = [
            Effect(factor, float(found["ST"][i]), float(found["ST_conf"][i]),
                   float(found["S1"][i]), float(found["S1_conf"][i]), None)
            for i, factor in enumerate(factors)
        ]  # fmt: skip
    return tuple(sorted(effects, key=lambda effect: -effect.main))


def sensitivity(
    points: Points,
    factors: Sequence[Factor],
    target: Target,
    method: Method,
    size: int,
    *,
    observed_h: float = math.inf,
    seed: int = 1,
    progress: Callable[[int, int], None] | None = None,
    cancelled: Callable[[], bool] | None = None,
) -> Sensitivity:
    """Vary parameters of a scenario and return what each does to a figure.

    Parameters
    ----------
    observed_h
        What a recession counts as that had not ended with the run; hours.
    seed
        Of the design; the runs have the scenario's.
    progress
        Told how many points of how many are known.

    Raises
    ------
    InputError
        If a parameter, the size or the figure does not exist or cannot be used.
    Cancelled
        If ``cancelled`` said so; what was computed is remembered.
    """
    where = design(factors, method, size, seed)
    settings = [
        tuple(f"{factor.path}={float(value)!r}" for factor, value in zip(factors, row, strict=True))
        for row in where
    ]
    total = len(settings)

    def tell(known: int) -> None:
        if progress is not None:
            progress(known, total)

    found = points.evaluate(settings, progress=tell, cancelled=cancelled)
    chosen = [figure(kpis, target) for kpis in found]
    censored = sum(kpi.status == "not_drained" and kpi.value is None for kpi in chosen)
    figures = np.array([_number(kpi, observed_h) for kpi in chosen])
    if not np.isfinite(figures).all():
        raise InputError(
            "not drained at some points, and how long was observed is not known",
            where="--kpi", value=target.name, expected="a longer run, or another figure",
        )  # fmt: skip
    return Sensitivity(
        method, target, chosen[0].unit, analyse(factors, method, where, figures, seed),
        total, censored, observed_h, float(figures.min()), float(figures.max()),
    )  # fmt: skip


def figure(kpis: Sequence[Kpi], target: Target) -> Kpi:
    """Return the KPI that is meant; of several entities the largest, not drained above all.

    Raises
    ------
    InputError
        If the run has no such figure.
    """
    named = [kpi for kpi in kpis if kpi.name == target.name]
    exact = [kpi for kpi in named if kpi.entity == target.entity]
    if exact:
        return exact[0]
    if not named or target.entity:
        known = sorted({kpi.entity for kpi in named} if named else {kpi.name for kpi in kpis})
        raise InputError(
            "no such figure", where="--kpi",
            value=f"{target.name}:{target.entity}" if target.entity else target.name,
            expected=f"one of {', '.join(known[:12])}{' ...' if len(known) > 12 else ''}",
        )  # fmt: skip
    return max(named, key=lambda kpi: _number(kpi, math.inf))


def _number(kpi: Kpi, censored_as: float) -> float:
    if kpi.value is not None:
        return kpi.value
    if kpi.status == "dry":
        return 0.0
    if kpi.status == "not_drained":
        return censored_as
    raise InputError(
        "this figure has no value", where="--kpi", value=f"{kpi.name}:{kpi.entity}",
        expected=f"a figure with a value; it is {kpi.status}",
    )  # fmt: skip


def _check(factors: Sequence[Factor], method: Method, size: int) -> None:
    paths = [factor.path for factor in factors]
    if not factors or len(set(paths)) != len(paths):
        raise InputError(
            "every parameter once, and at least one", where="--vary", value=", ".join(paths),
            expected="different paths",
        )  # fmt: skip
    if method == "morris" and size < 2:
        raise InputError("too few", where="--size", value=size, expected="2 trajectories or more")
    if method == "sobol" and (size < 8 or size & (size - 1)):
        raise InputError(
            "not usable with Sobol's sequence", where="--size", value=size,
            expected="a power of 2, 8 or more", hint="64 is a start, 512 a good figure",
        )  # fmt: skip


def _problem(factors: Sequence[Factor]) -> dict[str, object]:
    return {
        "num_vars": len(factors),
        "names": [factor.path for factor in factors],
        "bounds": [[factor.low, factor.high] for factor in factors],
    }
