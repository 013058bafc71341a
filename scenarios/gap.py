"""How far apart two simulations of the same network are: definitions, on plain arrays."""

from __future__ import annotations

from collections.abc import Collection

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]


def nash_sutcliffe(reference: Array, model: Array) -> float:
    """Return the Nash-Sutcliffe efficiency of `model`: 1 is equal, 0 as good as the mean.

    ``1 - sum((model - reference)^2) / sum((reference - mean(reference))^2)`` (Nash and Sutcliffe,
    1970). A reference that never changes gives 1 if the model is equal to it, else minus infinity.

    Parameters
    ----------
    reference, model
        Values at the same moments; (T,).
    """
    missed = float(np.sum((model - reference) ** 2))
    spread = float(np.sum((reference - reference.mean()) ** 2))
    if spread == 0.0:
        return 1.0 if missed == 0.0 else -np.inf
    return 1.0 - missed / spread


def jaccard(a: Collection[str], b: Collection[str]) -> float:
    """Return the size of the intersection over the size of the union; 1 if both are empty."""
    left, right = set(a), set(b)
    return len(left & right) / len(left | right) if left | right else 1.0


def deepest(depth_m: Array) -> Array:
    """Return the largest depth of every point; from (T, N) to (N,)."""
    return np.asarray(depth_m.max(axis=0), dtype=np.float64)


def max_depth_error_m(reference_m: Array, model_m: Array, wet_m: float) -> float:
    """Return the mean absolute error of the largest depths, in m.

    Taken over the points that are deeper than `wet_m` in either simulation: dry points agree
    without effort and would dilute the error. 0 if there is none.

    Parameters
    ----------
    reference_m, model_m
        Depths of the same points; (T, N), each at its own moments.
    wet_m
        From which depth a point counts.
    """
    reference, model = deepest(reference_m), deepest(model_m)
    wet = (reference > wet_m) | (model > wet_m)
    return float(np.mean(np.abs(model - reference)[wet])) if wet.any() else 0.0


def flooded(depth_m: Array, names: Collection[str], wet_m: float) -> set[str]:
    """Return the names of the points that are deeper than `wet_m` at any time; depths (T, N)."""
    return {name for name, depth in zip(names, deepest(depth_m), strict=True) if depth > wet_m}


def recession_end_s(time_s: Array, depth_m: Array, threshold_m: float) -> float | None:
    """Return when the last point falls to `threshold_m` for good, in s.

    Found by linear interpolation between the recorded moments. None if no point is ever deeper,
    infinity if one still is at the last moment.

    Parameters
    ----------
    time_s
        (T,), not decreasing.
    depth_m
        (T, N).
    """
    above = depth_m > threshold_m
    if not above.any():
        return None
    if above[-1].any():
        return np.inf
    last = np.array([np.flatnonzero(column)[-1] for column in above.T if column.any()])
    points = np.flatnonzero(above.any(axis=0))
    before, after = depth_m[last, points], depth_m[last + 1, points]
    share = (before - threshold_m) / (before - after)
    return float(np.max(time_s[last] + share * (time_s[last + 1] - time_s[last])))


def relative_gap(reference: float, model: float) -> float:
    """Return ``(model - reference) / reference``; 0 if both are 0, infinite if only one is."""
    if reference == 0.0:
        return 0.0 if model == 0.0 else float(np.inf)
    return (model - reference) / reference
