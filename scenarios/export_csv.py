"""Tables as CSV for spreadsheets."""

from __future__ import annotations

import pandas as pd

#: A cell that starts so would be run as a formula by a spreadsheet.
_FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "\0")


def csv_bytes(table: pd.DataFrame) -> bytes:
    """The table as CSV in UTF-8 with the mark that Excel needs; text cannot act as a formula.

    Numbers are written in full; missing values as empty cells.
    """
    safe = table.copy()
    for name in safe.columns:
        if not pd.api.types.is_numeric_dtype(safe[name]):
            safe[name] = [_safe(value) for value in safe[name]]
    return safe.to_csv(index=False, lineterminator="\n").encode("utf-8-sig")


def _safe(value: object) -> object:
    if isinstance(value, str) and value.startswith(_FORMULA_STARTS):
        return "'" + value
    return value
