"""A ledger per stock: what came in, went out and is left must balance."""

from __future__ import annotations

import math
import sys
from typing import TYPE_CHECKING, Literal, NamedTuple

from sim.kernel.errors import LedgerError

if TYPE_CHECKING:
    import pandas as pd

Side = Literal["opening", "inflow", "outflow", "closing"]


class LedgerEntry(NamedTuple):
    """The total booked on one side of one account."""

    account: str
    side: Side
    amount: float


class Ledger:
    """Balance of one stock: ``opening + inflow - outflow - closing`` must be zero.

    Amounts are finite and normally not negative (a negative amount is a flow the other way).
    Repeated bookings on one account add up, exactly rounded (`math.fsum`).

    Parameters
    ----------
    name
        Name of the stock, unique in a run.
    unit
        Unit of every amount, e.g. ``m3``.
    """

    def __init__(self, name: str, unit: str) -> None:
        self.name = name
        self.unit = unit
        self._booked: dict[tuple[str, Side], list[float]] = {}

    def opening(self, account: str, amount: float) -> None:
        """Book what was there at the start."""
        self._book(account, "opening", amount)

    def inflow(self, account: str, amount: float) -> None:
        """Book what came in."""
        self._book(account, "inflow", amount)

    def outflow(self, account: str, amount: float) -> None:
        """Book what left."""
        self._book(account, "outflow", amount)

    def closing(self, account: str, amount: float) -> None:
        """Book what is there at the end."""
        self._book(account, "closing", amount)

    @property
    def entries(self) -> tuple[LedgerEntry, ...]:
        """Totals by account and side, in the order first booked."""
        return tuple(
            LedgerEntry(account, side, math.fsum(amounts))
            for (account, side), amounts in self._booked.items()
        )

    def error(self) -> float:
        """What the ledger is off by, in its unit: opening + inflow - outflow - closing.

        Computed from `entries`, so a ledger read back from a record gives the same figure.
        """
        sign = {"opening": 1.0, "inflow": 1.0, "outflow": -1.0, "closing": -1.0}
        return math.fsum(sign[entry.side] * entry.amount for entry in self.entries)

    def relative_error(self) -> float:
        """Size of the error as a fraction of all that came in or was there at the start."""
        turnover = math.fsum(
            abs(entry.amount) for entry in self.entries if entry.side in ("opening", "inflow")
        )
        return abs(self.error()) / max(turnover, sys.float_info.min)

    def check(self, tolerance_fraction: float) -> None:
        """Refuse a ledger that is off by more than a fraction of its turnover.

        Raises
        ------
        LedgerError
            Naming the ledger, the error and every account.
        """
        relative = self.relative_error()
        if relative <= tolerance_fraction:
            return
        accounts = ", ".join(f"{e.side} {e.account} {e.amount:.12g}" for e in self.entries)
        raise LedgerError(
            f"ledger {self.name}: off by {self.error():.6g} {self.unit}, {relative:.3g} of what "
            f"came in (allowed {tolerance_fraction:.3g}); accounts in {self.unit}: {accounts}"
        )

    def _book(self, account: str, side: Side, amount: float) -> None:
        amount = float(amount)
        if not math.isfinite(amount):
            raise LedgerError(f"ledger {self.name}: {side} {account} is {amount}, not a number")
        self._booked.setdefault((account, side), []).append(amount)


def read_ledgers(table: pd.DataFrame) -> dict[str, Ledger]:
    """Ledgers of a record, by name.

    Parameters
    ----------
    table
        Columns ledger, unit, account, side, amount, as in `sim.kernel.recorder.Record`.
    """
    ledgers: dict[str, Ledger] = {}
    columns = (table[name] for name in ("ledger", "unit", "account", "side", "amount"))
    for name, unit, account, side, amount in zip(*columns, strict=True):
        ledger = ledgers.setdefault(name, Ledger(name, unit))
        ledger._book(account, side, amount)
    return ledgers
