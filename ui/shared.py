"""What all sessions of the app share."""

from __future__ import annotations

import streamlit as st

from scenarios.store import Store
from ui.desk import Desk
from ui.studies import Studies


@st.cache_resource(show_spinner=False)
def desk() -> Desk:
    """The one desk of this server, on the store that ``CITYCLOCK_STORE`` names."""
    return Desk(Store())


@st.cache_resource(show_spinner=False)
def studies() -> Studies:
    """The one place of this server where replications and sensitivities are asked for."""
    return Studies(desk().store)
