"""Figures and pages kept between reruns: what they show of a finished run never changes."""

from __future__ import annotations

from collections.abc import Sequence

import plotly.graph_objects as go
import streamlit as st

from scenarios.charts.depth_curves import depth_curves
from scenarios.charts.run_view import RunView
from scenarios.charts.street_map import street_map
from scenarios.charts.worst_points import Point, ponding_points, worst_points
from scenarios.locale import texts

POINTS = 4
MAP_WIDTH_PX = 1160


@st.cache_resource(max_entries=16, show_spinner=False)
def curves(_views: Sequence[RunView], runs: str, nodes: tuple[str, ...], lang: str) -> go.Figure:
    """Depth curves; `runs` names the views, which are not compared themselves."""
    return depth_curves(_views, nodes, texts(lang))


@st.cache_resource(max_entries=16, show_spinner=False)
def map_of(_views: Sequence[RunView], runs: str, lang: str) -> go.Figure:
    """The street maps side by side."""
    return street_map(_views, texts(lang), width_px=MAP_WIDTH_PX)


@st.cache_resource(max_entries=16, show_spinner=False)
def points(_views: Sequence[RunView], runs: str) -> tuple[list[Point], list[str]]:
    """All ponding points, worst first, and the nodes that are drawn unless others are chosen."""
    return ponding_points(_views), [point.node for point in worst_points(_views, POINTS)]
