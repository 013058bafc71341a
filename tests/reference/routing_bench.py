"""Where the published instances are, and their best known figures; tests skip without them."""

from __future__ import annotations

import csv
import os
from pathlib import Path

import pytest

FOLDER = Path(os.environ.get("CITYCLOCK_BENCH", "")) / "routing"
needs_bench = pytest.mark.skipif(
    "CITYCLOCK_BENCH" not in os.environ, reason="CITYCLOCK_BENCH is not set: no instances"
)


def files(set_name: str, pattern: str) -> list[Path]:
    """Instances of a set; none without the bench."""
    return sorted((FOLDER / set_name).glob(pattern)) if "CITYCLOCK_BENCH" in os.environ else []


def best_known(set_name: str) -> list[dict[str, str]]:
    """Rows of a set's table of best known figures."""
    with (FOLDER / set_name / "bks.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))
