"""The views of a fleet's run: map with replay, Gantt, charge, sites, tables."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

import pandas as pd
import streamlit as st

from scenarios.charts.fleet_charge import charge_figure
from scenarios.charts.fleet_gantt import gantt
from scenarios.charts.fleet_replay import replay_map
from scenarios.charts.fleet_sites import sites_figure
from scenarios.cli_output import number as number_text
from scenarios.fleet_legs import Leg, tracks
from scenarios.fleet_tables import (
    TRUCK_FIGURES,
    named_trucks,
    points_frame,
    sites_frame,
    tracks_geojson,
    trucks_frame,
)
from scenarios.fleet_view import FleetView
from scenarios.locale import Texts
from ui.fleet_parts import (
    MOST_ON_MAP,
    big_chart,
    chart,
    csv_button,
    frame,
    number,
    several,
    switch,
    title,
)
from ui.query import follow, publish

USUAL_ROWS, MOST_ROWS = 20, 120
USUAL_CURVES = 5


def day(
    start: datetime, days: Sequence[str], t: Texts, *, name: str = "fday", column: Any = st
) -> str:
    """Draw the choice of a day of a run; ``name`` is the parameter in the address."""
    followed = follow(name, days[0], lambda text: text if text in days else None)
    first = followed.initial if followed.initial in days else days[0]
    chosen = column.selectbox(
        t("fleet.day"), days, key=followed.key, index=days.index(first), width=320,
        format_func=lambda one: day_words(start, int(one), t), help=t("fleet.day_help"),
    )  # fmt: skip
    publish(name, "" if chosen == days[0] else chosen)
    return str(chosen)


def day_words(start: datetime, number: int, t: Texts) -> str:
    """Return the date of a day of the run, with its weekday."""
    date = start + timedelta(days=number)
    return f"{date:%Y-%m-%d} {t(f'fleet.weekday_{date.isoweekday()}')}"


def play(view: FleetView, number: int, t: Texts) -> None:
    """Draw the map with the routes of chosen trucks and the slider."""
    if view.ground is None:
        st.info(t("fleet.no_streets"))
        return
    rows = _trucks(view, number)
    usual = list(rows.sort_values("km", ascending=False).index[:3])
    chosen = several(
        "ftrucks", t("fleet.trucks_on_map"), sorted(rows.index), usual, most=MOST_ON_MAP,
        help=t("fleet.trucks_on_map_help", most=MOST_ON_MAP),
    )  # fmt: skip
    closer = switch("fclose", t("fleet.closer")) if chosen else False
    ground = view.ground

    def legs() -> Mapping[str, Sequence[Leg]]:
        return tracks(view, chosen, view.of_day(number))

    big_chart(
        ("replay", view.run.id, chosen, number, closer, t.language),
        lambda: replay_map(view, ground, legs(), t, day=number, closer=closer), "fleet-map",
    )  # fmt: skip
    st.caption(t("fleet.map_note"))
    if ground.degrees is not None:
        st.download_button(
            t("fleet.download_geojson"), lambda: tracks_geojson(view, legs()).encode(),
            f"cityclock_fleet_{view.scenario.name}_{view.run.id}.geojson", "application/geo+json",
            key="fleet-geojson", on_click="ignore", icon=":material/map:",
        )  # fmt: skip


def sorted_trucks(rows: pd.DataFrame, t: Texts, *, prefix: str) -> tuple[list[str], str]:
    """Draw how many trucks are shown and by what they are sorted; return them and the figure."""
    left, right = st.columns([2, 5], vertical_alignment="bottom")
    count = number(
        f"{prefix}rows", t("fleet.rows"), min(USUAL_ROWS, MOST_ROWS), 1, MOST_ROWS, column=left
    )
    options = [name for name in TRUCK_FIGURES if rows[name].notna().any()]
    followed = follow(f"{prefix}sort", options[0], lambda text: text if text in options else None)
    first = followed.initial if followed.initial in options else options[0]
    by = right.selectbox(
        t("fleet.sort_by"), options, key=followed.key, index=options.index(first),
        format_func=lambda name: t(f"fleet.figure_{name}"),
    )  # fmt: skip
    publish(f"{prefix}sort", "" if by == options[0] else by)
    # What is low is looked for in charges, what is high in all else.
    ordered = rows.dropna(subset=[by]).sort_values(by, ascending=by == "lowest_charge")
    return list(ordered.index[:count]), str(by)


def gantt_view(view: FleetView, number: int, t: Texts) -> None:
    """Draw what each truck did."""
    rows = _trucks(view, number)
    shown, by = sorted_trucks(rows, t, prefix="f")
    notes = {truck: number_text(float(rows.loc[truck, by])) for truck in shown}
    title(t("fleet.gantt_title", figure=t(f"fleet.figure_{by}")))
    figure = gantt(
        view.of_day(number), shown, t, midnight_s=view.day(number)[0], notes=notes
    )  # fmt: skip
    chart(figure, "fleet-gantt")
    st.caption(t("fleet.gantt_note"))


def charge(view: FleetView, number: int, t: Texts) -> None:
    """Draw the state of charge of chosen trucks."""
    if not view.batteries:
        st.info(t("fleet.no_batteries"))
        return
    rows = _trucks(view, number)
    lowest = rows.dropna(subset=["lowest_charge"]).sort_values("lowest_charge")
    chosen = several(
        "fcharge", t("fleet.trucks_charge"), sorted(view.batteries),
        list(lowest.index[:USUAL_CURVES]), most=MOST_ON_MAP,
        help=t("fleet.trucks_charge_help", most=MOST_ON_MAP),
    )  # fmt: skip
    begin, end = view.day(number)
    title(t("fleet.charge_title"))
    figure = charge_figure(
        view.curves, view.batteries, chosen, t, midnight_s=begin, until_s=end
    )  # fmt: skip
    chart(figure, "fleet-charge")
    st.caption(t("fleet.charge_note"))


def sites(view: FleetView, t: Texts) -> None:
    """Draw sites and chargers over the run, and their table."""
    title(t("fleet.sites_title"))
    chart(sites_figure(view, t), "fleet-sites")
    st.caption(t("fleet.sites_note"))
    shown = sites_frame(view, t)
    frame(shown)
    csv_button(
        t("fleet.download_sites"), shown, f"cityclock_fleet_sites_{view.run.id}.csv",
        "fleet-sites-csv",
    )  # fmt: skip


def tables(view: FleetView, number: int | None, t: Texts) -> None:
    """Draw the tables of trucks and of points where something went wrong."""
    if number is not None:
        title(t("fleet.trucks_title"))
        shown = named_trucks(_trucks(view, number), t, view.day(number)[0])
        frame(shown)
        csv_button(
            t("fleet.download_trucks"), shown,
            f"cityclock_fleet_trucks_{view.run.id}_{number}.csv", "fleet-trucks-csv",
        )  # fmt: skip
    title(t("fleet.points_title"))
    points = points_frame(view, t)
    if not len(points):
        st.info(t("fleet.no_bad_points"))
        return
    frame(points)
    csv_button(
        t("fleet.download_points"), points, f"cityclock_fleet_points_{view.run.id}.csv",
        "fleet-points-csv",
    )  # fmt: skip


@st.cache_resource(max_entries=32, show_spinner=False)
def _kept(_view: FleetView, run: str, number: int) -> pd.DataFrame:
    return trucks_frame(_view.of_day(number), _view.curves, _view.batteries, _view.day(number))


def _trucks(view: FleetView, number: int) -> pd.DataFrame:
    return _kept(view, view.run.id, number)
