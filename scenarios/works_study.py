"""What a study of works found, as data that can be kept, shown and sent."""

from __future__ import annotations

from typing import Literal

from sim.kernel.schema import Frozen

Measure = Literal["depth", "area"]
UNITS: dict[Measure, str] = {"depth": "m h", "area": "m3 h"}


class WorkRow(Frozen):
    """A work in a plan. ``loss`` is what the plan saves less without it, by simulation of the
    search storms if ``simulated``, else by the surrogate."""

    id: str
    name_en: str
    name_zh: str
    kind: Literal["work", "channel"]
    cost: float
    loss: float
    simulated: bool
    lost_with: tuple[str, ...] = ()


class Confirmed(Frozen):
    """A set of works in one storm, with and without: means over the replications.

    ``half_width`` is half the 95 % t interval of the paired savings; none with one replication.
    """

    storm: str
    unbuilt: float
    saved: float
    half_width: float | None = None


class SwmmGap(Frozen):
    """The chosen plan by both engines: what stood unbuilt and with the plan."""

    storm: str
    native_unbuilt: float
    native_built: float
    swmm_unbuilt: float
    swmm_built: float

    @property
    def native_saved(self) -> float:
        return self.native_unbuilt - self.native_built

    @property
    def swmm_saved(self) -> float:
        return self.swmm_unbuilt - self.swmm_built

    @property
    def gap(self) -> float | None:
        """Savings of this engine against SWMM's, as a fraction; none if SWMM saves nothing."""
        return self.native_saved / self.swmm_saved - 1.0 if self.swmm_saved else None


class PlanRow(Frozen):
    """A plan; see `optimize.works.problem.Plan`.

    ``confirmed`` is by storm; ``mean``, ``low`` and ``high`` are over all storms. ``interval``
    says what low and high are: ``confidence`` (95 % over replications), ``storms`` (least and
    most of the storms), or ``none`` (not confirmed).
    """

    budget: float
    chosen: tuple[str, ...]
    cost: float
    saved: float
    predicted: float | None
    bound: float
    bound_kind: Literal["enumeration", "surrogate"]
    gap: float
    status: Literal["optimal", "best_found"]
    stop_reason: Literal["enumerated", "converged", "evaluation_limit", "time_limit", "cancelled"]
    seconds: float
    evaluations: int
    faults: tuple[str, ...]
    works: tuple[WorkRow, ...]
    confirmed: tuple[Confirmed, ...] = ()
    mean: float | None = None
    low: float | None = None
    high: float | None = None
    interval: Literal["none", "confidence", "storms"] = "none"
    swmm: SwmmGap | None = None


class Study(Frozen):
    """Plans for several budgets and what they are measured against.

    Attributes
    ----------
    storms, confirm
        Names of the storms searched with and of those the plans were run again in.
    unbuilt
        Mean of the search storms without any work, in `unit`.
    everything
        The largest consistent set: its cost, and what it saves in the search storms (none if the
        search ended before that was simulated) and in those of the confirmation.
    surrogate_error
        Root mean square error of the surrogate at sets left out of its fit.
    code
        Version of the simulation's code.
    """

    scenario: str
    measure: Measure
    storms: tuple[str, ...]
    confirm: tuple[str, ...]
    replications: int
    unbuilt: float
    everything_cost: float
    everything_saved: float | None
    everything_confirmed: float | None = None
    surrogate_error: float
    candidates: int
    evaluations: int
    simulations: int
    seconds: float
    code: str
    plans: tuple[PlanRow, ...]

    @property
    def unit(self) -> str:
        return UNITS[self.measure]
