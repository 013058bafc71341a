"""A small SWMM file whose sections a test replaces or adds to."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from sim.drainage.swmm import Imported, read_inp

BASE = {
    "OPTIONS": "FLOW_UNITS CMS\nSTART_DATE 07/20/2021\nEND_DATE 07/20/2021\nEND_TIME 02:00:00\n"
    "ALLOW_PONDING YES\nREPORT_STEP 0:05:00\nROUTING_STEP 5",
    "JUNCTIONS": "J1 10 3 0 0 100\nJ2 9 3",
    "OUTFALLS": "OUT 8 FREE NO",
    "CONDUITS": "C1 J1 J2 100 0.013 0 0\nC2 J2 OUT 100 0.013 0 0",
    "XSECTIONS": "C1 CIRCULAR 1 0 0 0\nC2 CIRCULAR 1 0 0 0",
}


def inp_text(**sections: str) -> str:
    """Return the base file; a section given replaces its own, or adds to it after a ``+``."""
    merged = dict(BASE)
    for name, body in sections.items():
        merged[name] = f"{merged[name]}\n{body[1:]}" if body.startswith("+") else body
    return "\n".join(f"[{name}]\n{body}" for name, body in merged.items()) + "\n"


@pytest.fixture
def write(tmp_path: Path) -> Callable[..., Path]:
    """Write the base file with some sections replaced; returns its path."""

    def make(**sections: str) -> Path:
        path = tmp_path / "case.inp"
        path.write_text(inp_text(**sections), encoding="utf-8")
        return path

    return make


@pytest.fixture
def read(write: Callable[..., Path]) -> Callable[..., Imported]:
    """Write and read the base file with some sections replaced."""

    def make(**sections: str) -> Imported:
        return read_inp(write(**sections))

    return make
