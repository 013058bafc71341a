"""The page of the fleet: run a scenario, see what every truck did, play it again."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import streamlit as st

from scenarios.cli_output import number as number_text
from scenarios.fleet_basis import basis
from scenarios.fleet_view import FleetView
from scenarios.locale import Texts
from scenarios.report_tables import assumptions_html, basis_text, tag_html
from scenarios.schema import StoredRun
from sim.fleet import SYSTEM
from ui import fleet_run_views as views
from ui import language
from ui.fleet_desk import Case
from ui.fleet_parts import POLL_S, choice, fleet_desk, number, scenario, tiles
from ui.query import follow, present, publish
from ui.words import plain

FAVOURITE = "fleet-today"
VIEWS = ("map", "gantt", "charge", "sites", "tables")
TILES = (
    "collection_rate", "stops_missed", "overflow_points", "trucks_used", "km", "overtime_h",
    "cost_cny", "co2_kg", "energy_charged_kwh", "diesel_l", "lowest_charge_percent", "wait_bays_h",
    "wait_chargers_h", "breakdowns", "routes_changed",
)  # fmt: skip
MOST_REPLICATIONS = 50


def show() -> None:
    """Draw the page."""
    t = language.current()
    st.caption(t("fleet.intro"))
    cases = fleet_desk().cases()
    if cases is None:
        _follow_cases()
        return
    if not cases:
        st.info(t("fleet.no_scenario"))
        return
    name = scenario("fscenario", cases, FAVOURITE, t)
    run = _chosen_run(name, cases, t)
    if run is None:
        return
    reading = fleet_desk().read(run)
    if reading.error:
        st.error(t("fleet.unreadable"))
        st.code(reading.error, language=None, wrap_lines=True)
    elif reading.view is None:
        _follow_reading(run)
    else:
        view = reading.view
        if view.changed:
            st.warning(t("fleet.changed"))
        _tiles(view, t)
        show_views(view, cases.get(name), t)


def show_views(view: FleetView, case: Case | None, t: Texts) -> None:
    """Draw the chosen view of a run."""
    if not view.trucks:
        st.info(t("fleet.no_trucks"))
        views.sites(view, t)
        views.tables(view, None, t)
        return
    chosen = choice("fview", t("fleet.view"), VIEWS, lambda one: t(f"fleet.view_{one}"))
    days = [str(d) for d in range(view.inputs.days) if len(view.of_day(d))]
    if not days:
        st.info(t("fleet.nothing_done"))
        return
    day = 0
    if chosen != "sites":
        day = int(views.day(view.start, days, t))
    drawn = {
        "map": lambda: views.play(view, day, t),
        "gantt": lambda: views.gantt_view(view, day, t),
        "charge": lambda: views.charge(view, day, t),
        "sites": lambda: views.sites(view, t),
        "tables": lambda: views.tables(view, day, t),
    }
    drawn[chosen]()
    with st.expander(t("fleet.how_title")):
        st.markdown(plain(t("fleet.note_record", run=view.run.id, code=view.run.code_version)))
        st.markdown(plain(basis_text(view.assumptions, t)))
        st.html(assumptions_html(view.assumptions, t))


def _tiles(view: FleetView, t: Texts) -> None:
    rows = []
    for name in TILES:
        kpi = view.kpi(name)
        if kpi is None or kpi.value is None:
            continue
        label = SYSTEM.labels[name]
        tag = basis(name, view.assumptions)
        rows.append(
            (
                label.zh if t.language == "zh" else label.en, number_text(kpi.value),
                t("fleet.unit_cny") if kpi.unit == "CNY" else kpi.unit,
                tag_html(tag, t) if tag else "",
            )
        )  # fmt: skip
    tiles(rows)
    st.caption(t("fleet.tiles_note"))


# --- choosing and starting -----------------------------------------------------------------


def _chosen_run(name: str, cases: Mapping[str, Case], t: Texts) -> StoredRun | None:
    """Draw the choice of a run and what starts one; return the run that is to be shown."""
    runs = fleet_desk().runs(name)
    done = {run.id: run for run in runs if run.status == "done"}
    under_way = [run for run in runs if not run.ended]
    named = present("frun") or st.query_params.get("frun")
    linked = fleet_desk().run(str(named)) if named and named not in done else None
    if linked is not None and linked.status == "done" and _of(linked, name):
        done = {linked.id: linked} | done
    columns = st.columns([5, 2, 2], vertical_alignment="bottom")
    chosen = _run_box(list(done.values()), columns[0], t)
    replications = number(
        "freps", t("fleet.replications"), 1, 1, MOST_REPLICATIONS, column=columns[1],
        help=t("fleet.replications_help"),
    )  # fmt: skip
    starting, error = fleet_desk().starting(name)
    busy = starting or bool(under_way)
    with columns[2]:
        if busy:
            st.button(
                t("fleet.cancel"), key="fleet-cancel", on_click=fleet_desk().cancel_run,
                args=([run.id for run in under_way],), disabled=not under_way,
            )  # fmt: skip
        else:
            st.button(
                t("fleet.again" if done else "fleet.run"), key="fleet-run",
                type="secondary" if done else "primary",
                on_click=fleet_desk().start_run, args=(name, replications),
            )  # fmt: skip
    if error:
        st.error(t("fleet.unusable"))
        st.code(error, language=None, wrap_lines=True)
    if busy:
        _follow_runs(name, tuple(run.id for run in under_way))
    elif not done:
        st.info(t("fleet.first"))
    return done.get(chosen or "")


def _of(run: StoredRun, name: str) -> bool:
    """Whether a run is of a scenario, or of an arm of a study of it."""
    return run.scenario == name or run.scenario.startswith(f"{name}~")


def _run_box(runs: Sequence[StoredRun], column: st.delta_generator.DeltaGenerator, t: Texts) -> str:
    by_id = {run.id: run for run in runs}
    names = list(by_id)
    if not names:
        return ""
    now = present("frun")
    followed = follow(
        "frun", names[0], lambda text: text if text in by_id else None,
        stale=now is not None and now not in by_id,
    )  # fmt: skip
    first = followed.initial if followed.initial in by_id else names[0]
    chosen = column.selectbox(
        t("fleet.stored_run"), names, key=followed.key, index=names.index(first),
        format_func=lambda one: _run_words(by_id[one], t),
    )  # fmt: skip
    publish("frun", "" if chosen == names[0] else chosen)
    return str(chosen)


def _run_words(run: StoredRun, t: Texts) -> str:
    when = (run.finished_at or run.created_at)[:16].replace("T", " ")
    arm = run.scenario.partition("~")[2]
    words = t("fleet.run_words", run=run.id, number=run.replication + 1, when=when)
    return f"{words} · {arm}" if arm else words


@st.fragment(run_every=POLL_S)
def _follow_cases() -> None:
    if fleet_desk().cases() is not None:
        st.rerun()
    st.progress(0.0)


@st.fragment(run_every=POLL_S)
def _follow_reading(run: StoredRun) -> None:
    t = language.current()
    reading = fleet_desk().read(run)
    if reading.view is not None or reading.error:
        st.rerun()
    st.progress(0.0, text=t("fleet.reading"))


@st.fragment(run_every=POLL_S)
def _follow_runs(name: str, before: tuple[str, ...]) -> None:
    t = language.current()
    under_way = [run for run in fleet_desk().runs(name) if not run.ended]
    starting, _ = fleet_desk().starting(name)
    if tuple(run.id for run in under_way) != before and not starting:
        st.rerun()
    if not under_way:
        st.progress(0.0, text=t("fleet.starting"))
        return
    done = sum(run.progress for run in under_way) / len(under_way)
    st.progress(min(done, 1.0), text=t("fleet.progress", runs=len(under_way), done=f"{done:.0%}"))
