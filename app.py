"""The app: navigation, language, theme. ``make app`` or ``streamlit run app.py``."""

from __future__ import annotations

import streamlit as st

from ui import language
from ui.pages import (
    compare_storms,
    explore,
    fleet,
    fleet_studies,
    pumps,
    routes,
    runs,
    uncertainty,
    works,
)
from ui.style import apply_style

st.set_page_config(page_title="CityClock", layout="wide", initial_sidebar_state="collapsed")
t = language.current()
page = st.navigation(
    [
        st.Page(compare_storms.show, title=t("page.compare_storms"), default=True),
        st.Page(explore.show, title=t("page.explore"), url_path="explore"),
        st.Page(works.show, title=t("page.works"), url_path="works"),
        st.Page(pumps.show, title=t("page.pumps"), url_path="pumps"),
        st.Page(fleet.show, title=t("page.fleet"), url_path="fleet"),
        st.Page(routes.show, title=t("page.routes"), url_path="routes"),
        st.Page(fleet_studies.show, title=t("page.fleet_studies"), url_path="fleet-studies"),
        st.Page(uncertainty.show, title=t("page.uncertainty"), url_path="uncertainty"),
        st.Page(runs.show, title=t("page.runs"), url_path="runs"),
    ],
    position="top",
)
apply_style()
heading, choice = st.columns([6, 1], vertical_alignment="center")
heading.title(t("app.title") + " · " + page.title, anchor=False)
with choice:
    language.chooser(t)
page.run()
