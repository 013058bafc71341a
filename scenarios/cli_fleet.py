"""``cityclock optimize ...``: routes for a day, the size of a fleet, tonight's changes."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from scenarios.cli_options import Language, ScenarioName, Settings

if TYPE_CHECKING:
    from rich.progress import Progress

    from sim.kernel.system import Label


Replications = Annotated[int, typer.Option(min=1, help="Of every arm, with the same random draws.")]
Workers = Annotated[int, typer.Option(min=1, help="Processes that simulate.")]

optimize_app = typer.Typer(
    no_args_is_help=True, help="Let a solver propose; the simulation verifies."
)


@optimize_app.command("routes")
def routes(
    scenario: ScenarioName,
    engine: Annotated[str, typer.Option(help="core, exact, pyvrp, ortools, or auto.")] = "auto",
    seconds: Annotated[float, typer.Option(min=0.1, help="Most time of the search.")] = 60.0,
    iterations: Annotated[
        int | None,
        typer.Option(min=1, help="Most iterations; with them the same seed gives the same plan."),
    ] = None,
    seed: Annotated[int, typer.Option(min=0, help="Of the search.")] = 1,
    day: Annotated[int, typer.Option(min=0, help="Of the run: whose amounts are planned for.")] = 0,
    replications: Replications = 10,
    workers: Workers = 2,
    settings: Settings = None,
    out: Annotated[
        Path | None,
        typer.Option(metavar="FOLDER", help="Write plan.csv, plan.json and routes.geojson."),
    ] = None,
    lang: Language = "en",
) -> None:
    """Find routes for a day of a fleet, and run them beside what the fleet does now.

    Ctrl-C during the search ends it with the best plan so far.
    """
    from scenarios import document, routes_text
    from scenarios.cli_output import Output
    from scenarios.locale import texts
    from scenarios.routes import Request, study_routes
    from scenarios.store import Store

    t, loaded = texts(lang), document.load(scenario, settings or ())
    request = Request(engine, seconds, iterations, seed, day, replications)
    with Store() as store, _bars() as bars, _first_interrupt() as asked:
        search = bars.add_task(t("routes.searching"), total=seconds)
        runs = bars.add_task(t("routes.simulating"), total=1.0, visible=False)
        study = study_routes(
            loaded, store, request, workers=workers, cancelled=asked,
            solving=lambda p: bars.update(
                search, completed=p.seconds,
                description=t("routes.incumbent", trucks=p.trucks, cost=f"{p.cost:.6g}"),
            ),
            simulating=lambda arm, done: bars.update(
                runs, completed=done, visible=True, description=t(f"routes.arm_{arm}")
            ),
        )  # fmt: skip
    output, labels = Output(lang), _labels()
    output.say(routes_text.plan_headline(study, t))
    output.text_table(routes_text.figures_table(study, t, labels))
    output.text_table(routes_text.routes_table(study, t))
    for note in routes_text.plan_notes(study, t):
        output.say(f"- {note}")
    output.say(str(study.plan_file))
    if out is not None:
        from scenarios.routes_files import write_study

        for file in write_study(study, out):
            output.say(str(file))


@optimize_app.command("problem")
def problem(
    file: Annotated[
        Path, typer.Argument(metavar="FILE", help="A routing problem: TOML with tables beside it.")
    ],
    engine: Annotated[str, typer.Option(help="core, exact, pyvrp, ortools, or auto.")] = "auto",
    seconds: Annotated[float, typer.Option(min=0.1, help="Most time of the search.")] = 60.0,
    iterations: Annotated[
        int | None,
        typer.Option(min=1, help="Most iterations; with them the same seed gives the same plan."),
    ] = None,
    seed: Annotated[int, typer.Option(min=0, help="Of the search.")] = 1,
    out: Annotated[
        Path, typer.Option(metavar="FOLDER", help="Where visits.csv, plan.json and a map go.")
    ] = Path("plan"),
    lang: Language = "en",
) -> None:
    """Solve a routing problem of your own: stops, trucks, sites and chargers in tables.

    Ctrl-C ends the search with the best plan so far.
    """
    from optimize.routing.assemble import read_problem
    from optimize.routing.engines.registry import solve
    from optimize.routing.plan import Limits
    from scenarios.cli_output import Output
    from scenarios.locale import texts
    from scenarios.routes_files import write_solution

    t, output = texts(lang), Output(lang)
    found = read_problem(file)
    for note in found.notes:
        output.say(f"- {note}")
    with _bars() as bars, _first_interrupt() as asked:
        bar = bars.add_task(t("routes.searching"), total=seconds)
        limits = Limits(
            seconds, iterations, seed, asked,
            lambda p: bars.update(
                bar, completed=p.seconds,
                description=t("routes.incumbent", trucks=p.trucks, cost=f"{p.cost:.6g}"),
            ),
        )  # fmt: skip
        solution, why = solve(found.problem, engine, limits)
    left = len(solution.plan.left_out)
    output.say(
        t(
            "routes.solved", trucks=solution.trucks, cost=f"{solution.cost:.6g}", left=left,
            stops=len(found.problem.stops) - left, engine=solution.engine, why=why,
            seconds=f"{solution.seconds:.1f}",
            gap="-" if solution.bound != solution.bound else f"{solution.gap:.2%}",
        )
    )  # fmt: skip
    for one in solution.plan.left_out:
        stop = found.problem.stops[one.stop].id
        output.say(f"- {t('routes.note_left', stop=stop, reason=one.reason)}")
    for path in write_solution(found, solution.plan, out):
        output.say(str(path))


@optimize_app.command("fleet")
def fleet(
    scenario: ScenarioName,
    trucks: Annotated[list[int], typer.Option(min=1, help="Number of trucks; may be repeated.")],
    guns: Annotated[list[int], typer.Option(min=1, help="Charging guns; may be repeated.")],
    service: Annotated[
        float, typer.Option(min=0, max=100, help="Stops served, %, to be kept.")
    ] = 99.0,
    replications: Replications = 5,
    workers: Workers = 2,
    settings: Settings = None,
    lang: Language = "en",
) -> None:
    """Compare fleets of several sizes by simulated service and cost."""
    from scenarios import document, routes_text
    from scenarios.cli_output import Output
    from scenarios.fleet_arms import study_sizes
    from scenarios.locale import texts
    from scenarios.store import Store

    t, loaded = texts(lang), document.load(scenario, settings or ())
    with Store() as store, _bars() as bars:
        bar = bars.add_task(loaded.name, total=1.0)
        found = study_sizes(
            loaded, store, trucks, guns, replications=replications, service_limit=service,
            workers=workers,
            simulating=lambda arm, done: bars.update(bar, completed=done, description=arm),
        )  # fmt: skip
    output = Output(lang)
    output.say(routes_text.sizes_headline(found, t))
    output.text_table(routes_text.sizes_table(found, t))
    for note in routes_text.sizes_notes(found, t):
        output.say(f"- {note}")


@optimize_app.command("response")
def response(
    scenario: ScenarioName,
    replications: Replications = 5,
    workers: Workers = 2,
    settings: Settings = None,
    lang: Language = "en",
) -> None:
    """When streets, trucks or plants fail: keep the plan, mend it, or optimise it anew."""
    from scenarios import document, routes_text
    from scenarios.cli_output import Output
    from scenarios.fleet_arms import study_response
    from scenarios.locale import texts
    from scenarios.store import Store

    t, loaded = texts(lang), document.load(scenario, settings or ())
    with Store() as store, _bars() as bars:
        bar = bars.add_task(loaded.name, total=1.0)
        found = study_response(
            loaded, store, replications=replications, workers=workers,
            simulating=lambda arm, done: bars.update(
                bar, completed=done, description=t(f"routes.arm_{arm}")
            ),
        )  # fmt: skip
    output, labels = Output(lang), _labels()
    output.say(routes_text.response_headline(found, t))
    output.text_table(routes_text.changed_table(found, t))
    output.text_table(routes_text.response_table(found, t, labels))


def _labels() -> Mapping[str, Label]:
    from sim.fleet import SYSTEM

    return SYSTEM.labels


@contextmanager
def _bars() -> Iterator[Progress]:
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeElapsedColumn

    with Progress(
        TextColumn("{task.description}"), BarColumn(), TaskProgressColumn(), TimeElapsedColumn(),
        console=Console(stderr=True), transient=True, disable=not sys.stderr.isatty(),
    ) as bars:  # fmt: skip
        yield bars


@contextmanager
def _first_interrupt() -> Iterator[Callable[[], bool]]:
    """Ctrl-C sets a wish to stop once; the second time it interrupts."""
    import signal

    asked = [False]

    def note(number: int, frame: object) -> None:
        if asked[0]:
            raise KeyboardInterrupt
        asked[0] = True

    before = signal.signal(signal.SIGINT, note)
    try:
        yield lambda: asked[0]
    finally:
        signal.signal(signal.SIGINT, before)
