"""Colours and marks of the fleet's figures: the same thing looks the same on every page."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Look:
    """Colour and, for those who cannot tell colours apart, a hatch."""

    colour: str
    hatch: str = ""


#: What a truck does, in the order of the legend.
ACTIVITIES: dict[str, Look] = {
    "drive": Look("#0072B2"),
    "collect": Look("#009E73"),
    "unload": Look("#946200"),
    "charge": Look("#F0C929"),
    "wait": Look("#D55E00", "/"),
    "rest": Look("#C3CCD4"),
    "repair": Look("#7B3F98", "x"),
}

#: Marks of the streams of waste.
STREAMS: dict[str, str] = {
    "residual": "circle",
    "food": "diamond",
    "recyclable": "square",
    "hazardous": "triangle-up",
}

#: How a collection point fared, best first: colour and size in px.
STATES: dict[str, tuple[str, float]] = {
    "served": ("#8DB9D9", 5.0),
    "overflowed": ("#F0A500", 9.0),
    "missed": ("#D55E00", 9.0),
    "both": ("#5C0F33", 11.0),
}

#: Trucks that are told apart: colours of Okabe and Ito, then the same with another dash.
TRUCK_COLOURS: tuple[str, ...] = (
    "#D55E00", "#0072B2", "#009E73", "#7B3F98", "#946200", "#BF4E7D", "#3A444E", "#2C87B8",
)  # fmt: skip
TRUCK_DASHES: tuple[str, ...] = ("solid", "dash", "dot", "dashdot")

BEFORE, CLOSED, SITE, DEPOT, CHARGER = "#8597A6", "#B00020", "#946200", "#1B2733", "#F0C929"


def truck_line(number: int) -> dict[str, object]:
    """Return colour and dash of the truck that is drawn as number so and so."""
    count = len(TRUCK_COLOURS)
    dash = TRUCK_DASHES[number // count % len(TRUCK_DASHES)]
    return {"color": TRUCK_COLOURS[number % count], "dash": dash}
