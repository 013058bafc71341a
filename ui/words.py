"""Text from files inside Streamlit's markdown."""

from __future__ import annotations

import re

_SPECIAL = re.compile(r"([\\`*_{}\[\]()#+\-.!|<>~$:&^])")


def plain(text: str) -> str:
    """Escape `text` so that markdown shows it as it is: titles of scenarios, names, reasons."""
    return _SPECIAL.sub(r"\\\1", text)
