"""The little style the app adds to Streamlit's own: the tables it shares with the report."""

from __future__ import annotations

import streamlit as st

from scenarios.charts.palette import FONT_FAMILY
from scenarios.charts.tables import STYLE

APP_STYLE = f"""
h1 {{ font-size: 1.7rem !important; padding: 0 0 .2rem !important; }}
h2 {{ font-size: 1.25rem !important; }}
.cc-table, .cc-legend, .cc-headline {{ font-family: {FONT_FAMILY}; }}
.cc-scroll {{ overflow-x: auto; }}
"""


def apply_style() -> None:
    """Put the style on the page, once per run of the script."""
    st.html(f"<style>{STYLE}{APP_STYLE}</style>")
