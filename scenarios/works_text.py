"""What a study of works says, as tables of text in either language; the page and the command line
show the same."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from scenarios.cli_output import number
from scenarios.locale import Texts
from scenarios.works_study import PlanRow, Study, WorkRow

LEFT, RIGHT = "left", "right"


@dataclass(frozen=True)
class TextTable:
    """Heads, which of them are numbers, and rows."""

    heads: tuple[str, ...]
    numeric: tuple[bool, ...]
    rows: tuple[tuple[str, ...], ...]


def plans_table(study: Study, t: Texts) -> TextTable:
    """Return one row per budget: cost, savings in the search and in the confirmation, bound."""
    keys = ("budget", "cost", "count", "saved", "share", "confirmed", "bound", "gap", "status")
    rows = []
    for plan in study.plans:
        share = plan.saved / study.unbuilt if study.unbuilt else 0.0
        rows.append(
            (
                f"{plan.budget:g}", f"{plan.cost:.2f}", str(len(plan.chosen)), number(plan.saved),
                f"{share:.1%}", interval_text(plan, t), number(plan.bound), f"{plan.gap:.1%}",
                t(f"works.stop_{plan.stop_reason}"),
            )
        )  # fmt: skip
    heads = tuple(t(f"works.head_{key}", unit=study.unit) for key in keys)
    return TextTable(heads, (*[True] * 8, False), tuple(rows))


def interval_text(plan: PlanRow, t: Texts) -> str:
    """Return the confirmed mean with its interval, or a dash."""
    if plan.mean is None or plan.low is None or plan.high is None:
        return t("works.not_confirmed")
    return f"{number(plan.mean)} [{number(plan.low)}, {number(plan.high)}]"


def ranked_table(study: Study, plan: PlanRow, t: Texts) -> TextTable:
    """Return the works of a plan, what is worth most for its money first."""
    keys = ("rank", "work", "name", "cost", "cumulative", "loss", "per_cost", "basis")
    rows, spent = [], 0.0
    for rank, work in enumerate(plan.works, start=1):
        spent += work.cost
        per = f"{work.loss / work.cost:.3g}" if work.cost > 0 else "–"
        basis = t("works.simulated" if work.simulated else "works.estimated")
        rows.append(
            (
                str(rank), work.id, name_of(work, t), f"{work.cost:.2f}", f"{spent:.2f}",
                number(work.loss), per, basis,
            )
        )  # fmt: skip
    heads = tuple(t(f"works.head_{key}", unit=study.unit) for key in keys)
    numeric = (True, False, False, True, True, True, True, False)
    return TextTable(heads, numeric, tuple(rows))


def storms_table(study: Study, plan: PlanRow, t: Texts) -> TextTable:
    """Return what a plan saves in each storm of the confirmation."""
    rows = []
    for one in plan.confirmed:
        spread = f" ± {number(one.half_width)}" if one.half_width is not None else ""
        share = f"{one.saved / one.unbuilt:.1%}" if one.unbuilt else "–"
        rows.append((one.storm, number(one.unbuilt), f"{number(one.saved)}{spread}", share))
    keys = ("storm", "unbuilt", "saved", "share")
    heads = tuple(t(f"works.head_{key}", unit=study.unit) for key in keys)
    return TextTable(heads, (False, True, True, True), tuple(rows))


def summary_line(study: Study, plan: PlanRow, t: Texts) -> str:
    """Return the answer in a sentence: so much money, so many works, so much saved."""
    works = sum(work.kind == "work" for work in plan.works)
    share = plan.saved / study.unbuilt if study.unbuilt else 0.0
    return t(
        "works.summary", budget=f"{plan.budget:g}", works=works,
        channels=len(plan.works) - works, cost=f"{plan.cost:.1f}", saved=number(plan.saved),
        unit=study.unit, share=f"{share:.0%}",
    )  # fmt: skip


def notes(study: Study, t: Texts) -> list[str]:
    """Return what a reader must know of how the figures were found."""
    found = [
        t(
            "works.note_search", evaluations=study.evaluations, candidates=study.candidates,
            storms=", ".join(study.storms), seconds=f"{study.seconds:.0f}",
        ),
        t("works.note_bound", error=number(study.surrogate_error), unit=study.unit),
    ]  # fmt: skip
    kinds = {plan.interval for plan in study.plans}
    if "confidence" in kinds:
        found.append(
            t("works.note_confidence", storms=", ".join(study.confirm),
              replications=study.replications)
        )  # fmt: skip
    elif "storms" in kinds:
        found.append(t("works.note_storms", storms=", ".join(study.confirm)))
    else:
        found.append(t("works.note_unconfirmed"))
    if any(plan.stop_reason == "cancelled" for plan in study.plans):
        found.append(t("works.note_cancelled"))
    found += [
        t("works.note_fault", budget=f"{plan.budget:g}", fault=fault)
        for plan in study.plans
        for fault in plan.faults
    ]
    return found


def name_of(work: WorkRow, t: Texts) -> str:
    """Return the name of a work in the language."""
    return work.name_zh if t.language == "zh" else work.name_en


def plan_for(plans: Sequence[PlanRow], budget: float | None) -> PlanRow:
    """Return the plan of a budget; without one, of 100 million if there is, else the first."""
    by_budget = {plan.budget: plan for plan in plans}
    wanted = 100.0 if budget is None else budget
    return by_budget.get(wanted, plans[0])
