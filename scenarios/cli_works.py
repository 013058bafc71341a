"""``cityclock works``: which works first, under a budget."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from scenarios.cli_options import Language, ScenarioName, Settings
from sim.kernel.errors import InputError

if TYPE_CHECKING:
    pass


def works(
    scenario: ScenarioName,
    budget: Annotated[
        list[float] | None,
        typer.Option(min=0, help="Million CNY; may be repeated. 50, 100, 200, 500, 1000."),
    ] = None,
    storms: Annotated[
        list[str] | None,
        typer.Option(
            metavar="STORM",
            help="Searched with: a return period, 'own', or a scenario; may be repeated. 50.",
        ),
    ] = None,
    confirm: Annotated[
        list[str] | None,
        typer.Option(metavar="STORM", help="Plans are run again in these. 20, 50 and 100."),
    ] = None,
    replications: Annotated[
        int, typer.Option(min=1, help="Of each storm of the confirmation.")
    ] = 4,
    evaluations: Annotated[int, typer.Option(min=1, help="Most sets of works simulated.")] = 300,
    minutes: Annotated[float | None, typer.Option(min=0, help="Most time of the search.")] = None,
    measure: Annotated[
        Literal["depth", "area"], typer.Option(help="Depth-hours, or weighted by area.")
    ] = "depth",
    workers: Annotated[int, typer.Option(min=1, help="Processes that simulate.")] = 2,
    ranked: Annotated[
        float | None, typer.Option(metavar="BUDGET", help="Show the ranked works of this one.")
    ] = None,
    verify: Annotated[
        bool, typer.Option("--verify", help="Run that plan in EPA SWMM too; takes a minute or so.")
    ] = False,
    settings: Settings = None,
    out: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Write everything found as JSON.")
    ] = None,
    lang: Language = "en",
) -> None:
    """Find which works to build first within each budget, by simulation.

    Ctrl-C ends with nothing; --minutes and --evaluations end with the best plans so far.
    """
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

    from scenarios import document, works_text
    from scenarios.cli_output import Output
    from scenarios.locale import texts
    from scenarios.location import locate
    from scenarios.works import BUDGETS, CONFIRM_STORMS, SEARCH_STORMS, Request, study_works

    request = Request(
        budgets=tuple(budget or BUDGETS), storms=tuple(storms or SEARCH_STORMS),
        confirm=tuple(confirm or CONFIRM_STORMS), replications=replications,
        evaluations=evaluations, seconds=None if minutes is None else 60.0 * minutes,
        measure=measure, workers=workers,
    )  # fmt: skip
    if ranked is not None and ranked not in request.budgets:
        raise InputError(
            "not among the budgets", where="--ranked", value=ranked,
            expected=", ".join(f"{one:g}" for one in request.budgets),
        )  # fmt: skip
    loaded, t = document.load(scenario, settings or ()), texts(lang)
    with Progress(
        TextColumn("{task.description}"), BarColumn(), TextColumn("{task.completed}/{task.total}"),
        TimeElapsedColumn(), console=Console(stderr=True), transient=True,
        disable=not sys.stderr.isatty(),
    ) as bars:  # fmt: skip
        bar = bars.add_task(t("works.phase_search"), total=evaluations)
        study = study_works(
            loaded, request, kept=locate().folder / "works" / "outcomes",
            report=lambda phase, done, of: bars.update(
                bar, description=t(f"works.phase_{phase}"), completed=done, total=of
            ),
        )  # fmt: skip
    output = Output(lang)
    plan = works_text.plan_for(study.plans, ranked)
    output.say(works_text.summary_line(study, plan, t))
    output.text_table(works_text.plans_table(study, t))
    output.text_table(works_text.ranked_table(study, plan, t))
    output.text_table(works_text.storms_table(study, plan, t))
    for note in works_text.notes(study, t):
        output.say(f"- {note}")
    if verify:
        from scenarios.works_verify import verify_plan

        gap, rows = verify_plan(loaded, plan.chosen, "own", measure)
        share = "–" if gap.gap is None else f"{gap.gap:+.2%}"
        output.say(
            t("works.verified", storm=gap.storm, budget=f"{plan.budget:g}", unit=study.unit,
              native=f"{gap.native_saved:.4g}", swmm=f"{gap.swmm_saved:.4g}", gap=share)
        )  # fmt: skip
        output.gaps(rows)
        plans = tuple(
            one.model_copy(update={"swmm": gap}) if one is plan else one for one in study.plans
        )
        study = study.model_copy(update={"plans": plans})
    if out is not None:
        try:
            out.write_text(study.model_dump_json(indent=1), encoding="utf-8")
        except OSError as error:
            raise InputError(
                f"cannot be written: {error.strerror or error}", where="--out", file=out
            ) from error
        output.say(str(out))
