"""A model of what sets are worth, learned from those that were simulated: effects and pairs.

``value(S) = sum of a_i over S + sum of b_ij over the pairs in S``, with the value of the empty set
known to be what it is. The coefficients are the posterior mean under independent normal priors
(ridge regression in its dual form; Rasmussen and Williams 2006, eq. 2.25): ``a_i`` with standard
deviation ``v_i``, ``b_ij`` with ``rho sqrt(v_i v_j)``, where ``v_i`` is the largest change that
candidate i was seen to make on its own. So a pair of small works cannot be given a large
interaction. ``rho`` and the noise are those with the least error when each set in turn is left out.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from optimize.works.problem import Chosen

Floats = NDArray[np.float64]

_RHOS = (0.05, 0.15, 0.4, 1.0)
_NOISES = (1e-6, 1e-4, 1e-3, 1e-2)  # of the variance of the values
_LEAST_SCALE = 0.02  # of the largest change: also what did nothing alone may act beside another
_NEAR = 0.25  # share of all scales by which a set may differ and still count fully


@dataclass(frozen=True)
class Surrogate:
    """The fitted model.

    Attributes
    ----------
    ids
        Candidates, in the order of the coefficients.
    base
        Value of the empty set.
    single
        (n,), value units.
    pair
        (n, n), upper triangle, value units.
    error
        Root mean square error of the sets when each was left out of its own prediction.
    """

    ids: tuple[str, ...]
    base: float
    single: Floats
    pair: Floats
    error: float

    def predict(self, chosen: Chosen) -> float:
        """Return the modelled value of a set."""
        x = np.array([name in chosen for name in self.ids], dtype=float)
        return float(self.base + self.single @ x + x @ self.pair @ x)


def scales(ids: Sequence[str], values: Mapping[Chosen, float]) -> Floats:
    """Return, by candidate (n,), the largest change of value that it was seen to make alone.

    Pairs of evaluated sets that differ in that candidate only are compared; candidates for which
    there is none get the mean of the others.
    """
    found = np.full(len(ids), np.nan)
    for k, name in enumerate(ids):
        changes = [
            abs(value - values[chosen - {name}])
            for chosen, value in values.items()
            if name in chosen and chosen - {name} in values
        ]
        if changes:
            found[k] = max(changes)
    known = found[np.isfinite(found)]
    found[np.isnan(found)] = known.mean() if known.size else 1.0
    top = float(found.max(initial=0.0)) or 1.0
    return np.maximum(found, _LEAST_SCALE * top)


def fit(
    ids: tuple[str, ...], values: Mapping[Chosen, float], *, around: Chosen | None = None
) -> Surrogate:
    """Fit the model to evaluated sets.

    Parameters
    ----------
    values
        By set; the empty set must be among them.
    around
        If given, sets count less the more they differ from this one, so that the model is most
        faithful there.
    """
    base = values[frozenset()]
    sets = [chosen for chosen in values if chosen]
    v = scales(ids, values)
    if not sets:
        return Surrogate(ids, base, np.zeros(len(ids)), np.zeros((len(ids),) * 2), 0.0)
    x = np.array([[name in chosen for name in ids] for chosen in sets], dtype=float)
    y = np.array([values[chosen] - base for chosen in sets])
    spread = float(y.std()) or 1.0
    distrust = np.ones(len(sets))
    if around is not None:
        here = np.array([name in around for name in ids], dtype=float)
        distrust += (np.abs(x - here) @ v / v.sum() / _NEAR) ** 2
    singles = (x * v**2) @ x.T
    pairs = (((x * v) @ x.T) ** 2 - singles) / 2.0  # sum over pairs in both sets of v_i v_j
    best: tuple[float, float, Floats] | None = None
    for rho in _RHOS:
        kernel = singles + rho**2 * pairs
        for noise in _NOISES:
            inverse = np.linalg.inv(kernel + np.diag(noise * spread**2 * distrust))
            dual = inverse @ y
            left_out = dual / np.diag(inverse)  # error of each when left out, in closed form
            score = float(np.average(left_out**2, weights=1.0 / distrust))
            if best is None or score < best[0]:
                best = (score, rho, dual)
    assert best is not None
    score, rho, dual = best
    single = v**2 * (dual @ x)
    pair = np.triu(rho**2 * np.outer(v, v) * (x.T @ (dual[:, None] * x)), 1)
    return Surrogate(ids, base, single, pair, float(np.sqrt(score)))
