"""How the depth-hours that trucks save add up in the course of a storm."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from scenarios.schema import StoredRun
from scenarios.store import Store

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class SavedCurves:
    """Depth-hours saved so far, by arm: mean over the replications.

    Attributes
    ----------
    time_h : (T,) array
        Hours since the start of the run.
    saved : mapping from arm to (T,) array
        m h.
    """

    time_h: Floats
    saved: Mapping[str, Floats]


def saved_curves(arms: Mapping[str, Sequence[StoredRun]], bare: str, store: Store) -> SavedCurves:
    """Return the curves of all arms against the arm `bare`, paired by replication."""
    time_h = np.zeros(0)
    sums: dict[str, list[Floats]] = {}
    known: dict[str, Floats] = {}
    for name, runs in arms.items():
        sums[name] = []
        for run in runs:
            if run.id not in known:
                depth = store.record(run.id).series["drainage", "ponded_depth"]
                time_h = depth.time_s / 3600.0
                known[run.id] = _so_far(time_h, depth.values.sum(axis=1))
            sums[name].append(known[run.id])
    saved = {
        name: np.mean([b - a for a, b in zip(mine, sums[bare], strict=True)], axis=0)
        for name, mine in sums.items()
        if name != bare
    }
    return SavedCurves(time_h, saved)


def _so_far(time_h: Floats, depth_m: Floats) -> Floats:
    """Integral of the summed depth from the start to every sample, m h."""
    steps = (depth_m[1:] + depth_m[:-1]) / 2.0 * np.diff(time_h)
    return np.concatenate(([0.0], np.cumsum(steps)))
