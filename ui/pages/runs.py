"""The page that lists what was run, with the reason where a run failed."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from scenarios.locale import Texts
from scenarios.schema import StoredRun
from ui import language
from ui.shared import desk

SHOWN = 500


def show() -> None:
    """Draw the page."""
    t = language.current()
    st.caption(t("runs.intro"))
    found = desk().store.runs(limit=SHOWN)
    if not found:
        st.info(t("runs.empty"))
        return
    st.dataframe(_table(found, t), hide_index=True, height=min(38 + 35 * len(found), 720))


def _table(found: list[StoredRun], t: Texts) -> pd.DataFrame:
    columns = {
        "scenario": [run.scenario for run in found],
        "status": [t(f"run_status.{run.status}") for run in found],
        "reason": [run.reason for run in found],
        "engine": [run.engine for run in found],
        "seed": [run.seed for run in found],
        "seconds": [None if run.seconds is None else round(run.seconds, 2) for run in found],
        "started": [(run.started_at or "")[:19].replace("T", " ") for run in found],
        "run": [run.id for run in found],
    }
    return pd.DataFrame({t(f"runs.{name}"): column for name, column in columns.items()})
