"""The page that proposes routes for a day of a fleet, and shows what became of them."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import streamlit as st

from optimize.routing.engines.registry import ENGINES
from optimize.routing.plan_json import plan_json
from optimize.routing.plan_tables import plan_csv
from scenarios import routes_text
from scenarios.charts.fleet_charge import charge_figure
from scenarios.charts.fleet_gantt import gantt
from scenarios.charts.fleet_plan_map import plan_map
from scenarios.cli_output import number as number_text
from scenarios.fleet_ground import Ground
from scenarios.fleet_plan_view import PlanView
from scenarios.fleet_tables import named_trucks, plan_tracks_geojson, trucks_frame
from scenarios.locale import Texts
from scenarios.routes import Request, Study
from sim.fleet import SYSTEM
from ui import language
from ui.fleet_desk import Answer, Case, Question
from ui.fleet_parts import (
    MOST_ON_MAP,
    big_chart,
    chart,
    choice,
    csv_button,
    fleet_desk,
    frame,
    number,
    scenario,
    several,
    switch,
    table,
    text_frame,
    title,
)
from ui.fleet_progress import actions, follow_answer, follow_cases, trouble
from ui.fleet_run_views import day as one_day
from ui.fleet_run_views import sorted_trucks
from ui.words import plain

FAVOURITE = "fleet-all-electric"
ENGINE_NAMES = ("auto", *ENGINES)
VIEWS = ("map", "gantt", "charge", "tables")
LONGEST_S = 3600


def show() -> None:
    """Draw the page."""
    t = language.current()
    st.caption(t("fleet.routes_intro"))
    known = fleet_desk().cases()
    if known is None:
        follow_cases()
        return
    cases = {name: case for name, case in known.items() if case.trucks}
    if not cases:
        st.info(t("fleet.no_scenario"))
        return
    name = scenario("rscenario", cases, FAVOURITE, t)
    question = _question(name, cases, t)
    answer = fleet_desk().answer(question)
    actions(question, answer, t, run=t("fleet.routes_run"), key="routes")
    if answer.pending:
        follow_answer(question, answer.state)
    trouble(answer, t)
    if answer.plan is not None and isinstance(answer.found, Study):
        show_study(answer, answer.plan, answer.found, t)
    elif answer.state == "new":
        st.info(t("fleet.routes_first"))


def _question(name: str, cases: Mapping[str, Case], t: Texts) -> Question:
    engine = choice(
        "rengine", t("fleet.engine"), ENGINE_NAMES, lambda one: t(f"fleet.engine_{one}")
    )
    columns = st.columns(4)
    seconds = number(
        "rseconds", t("fleet.seconds"), 60, 1, LONGEST_S, column=columns[0],
        help=t("fleet.seconds_help"),
    )  # fmt: skip
    seed = number("rseed", t("fleet.seed"), 1, 0, 10**6, column=columns[1])
    replications = number(
        "rreps", t("fleet.replications"), 5, 1, 50, column=columns[2],
        help=t("fleet.replications_help"),
    )  # fmt: skip
    case = cases[name]
    days = [str(k) for k in range(max(case.days, 1))]
    day = int(one_day(case.start, days, t, name="rday", column=columns[3]))
    return Question(
        name, Request(engine, float(seconds), None, seed, day, replications)
    )  # fmt: skip


def show_study(answer: Answer, plan: PlanView, study: Study, t: Texts) -> None:
    """Headline, figures, then the chosen view of the plan, and what stands behind it."""
    st.subheader(plain(routes_text.plan_headline(study, t)), anchor=False)
    title(t("fleet.figures_title"))
    figures = routes_text.figures_table(study, t, SYSTEM.labels)
    table(figures)
    _links(study, t)
    chosen = choice("rview", t("fleet.view"), VIEWS, lambda one: t(f"fleet.plan_view_{one}"))
    if not plan.trucks:
        st.info(t("fleet.plan_empty"))
    elif chosen == "map":
        _map(plan, answer.ground, t)
    elif chosen == "gantt":
        _gantt(plan, t)
    elif chosen == "charge":
        _charge(plan, t)
    else:
        title(t("fleet.routes_title"))
        rows = named_trucks(_rows(plan), t)
        frame(rows)
        csv_button(
            t("fleet.download_trucks"), rows, f"cityclock_routes_{study.scenario.name}.csv",
            "routes-trucks-csv",
        )  # fmt: skip
    title(t("fleet.downloads"))
    _downloads(plan, answer.ground, t)
    csv_button(
        t("fleet.download_figures"), text_frame(figures),
        f"cityclock_routes_figures_{study.scenario.name}.csv", "routes-figures",
    )  # fmt: skip
    with st.expander(t("fleet.how_title"), expanded=True):
        for note in routes_text.plan_notes(study, t):
            st.markdown(f"- {plain(note)}")


def _links(study: Study, t: Texts) -> None:
    """Say where the runs behind the figures can be looked at."""
    first = {arm: runs[0].id for arm, runs in study.runs.items() if runs}
    links = " · ".join(
        f"[{plain(t(f'routes.arm_{arm}'))}](fleet?lang={t.language}"
        f"&fscenario={study.scenario.name}&frun={run})"
        for arm, run in first.items()
    )
    if links:
        st.markdown(f"{plain(t('fleet.look_at_runs'))} {links}")


def _rows(plan: PlanView):  # type: ignore[no-untyped-def]
    return trucks_frame(plan.done, plan.curves, plan.batteries, (0.0, float("inf")))


def _map(plan: PlanView, ground: Ground | None, t: Texts) -> None:
    if ground is None:
        st.info(t("fleet.no_streets"))
        return
    name, rows = plan.study.scenario.name, _rows(plan).sort_values("km", ascending=False)
    chosen = several(
        "rtrucks", t("fleet.trucks_on_map"), list(plan.trucks), list(rows.index[:4]),
        most=MOST_ON_MAP, help=t("fleet.trucks_on_map_help", most=MOST_ON_MAP),
    )  # fmt: skip
    closer = switch("rclose", t("fleet.closer")) if chosen else False
    key = ("plan", plan.study.plan_file.name, name, chosen, closer, t.language)
    big_chart(key, lambda: plan_map(plan, ground, chosen, t, closer=closer), "routes-map")
    st.caption(t("fleet.plan_map_note"))


def _gantt(plan: PlanView, t: Texts) -> None:
    rows = _rows(plan)
    shown, by = sorted_trucks(rows, t, prefix="r")
    notes = {truck: number_text(float(rows.loc[truck, by])) for truck in shown}
    title(t("fleet.plan_gantt_title", figure=t(f"fleet.figure_{by}")))
    chart(gantt(plan.done, shown, t, notes=notes), "routes-gantt")


def _charge(plan: PlanView, t: Texts) -> None:
    if not plan.batteries:
        st.info(t("fleet.no_batteries"))
        return
    lowest = _rows(plan).dropna(subset=["lowest_charge"]).sort_values("lowest_charge")
    chosen = several(
        "rcharge", t("fleet.trucks_charge"), sorted(plan.batteries), list(lowest.index[:5]),
        most=MOST_ON_MAP, help=t("fleet.trucks_charge_help", most=MOST_ON_MAP),
    )  # fmt: skip
    title(t("fleet.charge_title"))
    chart(charge_figure(plan.curves, plan.batteries, chosen, t), "routes-charge")


def _downloads(plan: PlanView, ground: Ground | None, t: Texts) -> None:
    study = plan.study
    problem, name = study.fleet.problem, f"cityclock_{study.scenario.name}"
    made = study.solution.plan
    files: dict[str, tuple[str, Callable[[], bytes]]] = {
        "plan.csv": ("text/csv", study.plan_file.read_bytes),
        "visits.csv": ("text/csv", lambda: plan_csv(problem, made).encode("utf-8-sig")),
        "plan.json": ("application/json", lambda: plan_json(problem, made).encode()),
    }
    if ground is not None and ground.degrees is not None:
        files["routes.geojson"] = (
            "application/geo+json", lambda: plan_tracks_geojson(plan, ground).encode(),
        )  # fmt: skip
    with st.container(horizontal=True):
        for file, (kind, content) in files.items():
            if file == "plan.csv" and not study.plan_file.is_file():
                continue  # the store's folder of plans was emptied
            st.download_button(
                file, content, f"{name}_{file}", kind, key=f"routes-{file}", on_click="ignore",
                icon=":material/download:", help=t(f"fleet.file_{file.replace('.', '_')}"),
            )  # fmt: skip
