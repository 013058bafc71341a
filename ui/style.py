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
.cc-tiles {{ display: grid; grid-template-columns: repeat(auto-fill, minmax(190px, 1fr));
  gap: .5rem; font-family: {FONT_FAMILY}; }}
.cc-tile {{ border: 1px solid rgba(120,135,150,.35); border-radius: .4em; padding: .45em .7em; }}
.cc-tile-name {{ color: #5B6B79; font-size: .84em; line-height: 1.25; min-height: 1.25em; }}
.cc-tile-value {{ font-size: 1.35em; font-weight: 600; font-variant-numeric: tabular-nums; }}
.cc-tile-unit {{ font-size: .62em; font-weight: 400; color: #5B6B79; }}
.cc-tile .cc-tag {{ font-size: .72em; }}
"""


def apply_style() -> None:
    """Put the style on the page, once per run of the script."""
    st.html(f"<style>{STYLE}{APP_STYLE}</style>")
