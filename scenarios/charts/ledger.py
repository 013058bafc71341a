"""The ledgers of a run: where the water came from and went, and by how much the sum is off."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

from scenarios.charts.recession import run_badge
from scenarios.charts.run_view import RunView
from scenarios.charts.tables import simple_table
from scenarios.locale import Texts
from sim.kernel.ledger import Ledger, Side, read_ledgers

SIDES: tuple[Side, ...] = ("opening", "inflow", "outflow", "closing")


def ledger_html(views: Sequence[RunView], texts: Texts) -> str:
    """A table per ledger: accounts down, runs across, the error in percent at the foot.

    Accounts that are zero in every run are left out.

    Needs `tables.STYLE`.
    """
    books = [read_ledgers(view.record.ledgers) for view in views]
    names = {name: None for book in books for name in book}
    if not names:
        return f'<p class="cc-empty">{escape(texts("ledger.empty"))}</p>'
    return "".join(_one(name, views, books, texts) for name in names)


def _one(
    name: str, views: Sequence[RunView], books: Sequence[dict[str, Ledger]], texts: Texts
) -> str:
    ledgers = [book.get(name) for book in books]
    unit = next(ledger.unit for ledger in ledgers if ledger is not None)
    amounts = [
        {(e.side, e.account): e.amount for e in ledger.entries} if ledger is not None else {}
        for ledger in ledgers
    ]
    keys = {key: None for found in amounts for key in found}
    rows = [
        [
            escape(texts(f"ledger.{side}")),
            escape(_label(account, views[0], texts)),
            *(amount_text(found.get((side, account))) for found in amounts),
        ]
        for side in SIDES
        for _, account in (key for key in keys if key[0] == side)
        if any(found.get((side, account)) for found in amounts)
    ]
    rows.append(
        [
            f"<strong>{escape(texts('ledger.error'))}</strong>",
            escape(texts("ledger.error_of")),
            *(
                "–" if ledger is None else f"<strong>{100 * ledger.relative_error():.1e} %</strong>"
                for ledger in ledgers
            ),
        ]
    )
    stock = escape(f"{_label(name, views[0], texts)} ({unit_text(unit)})")
    head = [escape(texts("ledger.side")), stock, *(run_badge(i) for i in range(len(views)))]
    return simple_table(head, rows, [False, False, *(True for _ in views)])


def _label(name: str, view: RunView, texts: Texts) -> str:
    """A ledger's or account's name: an account may share its name with a series of another unit."""
    key = f"account.{name}"
    return texts(key) if key in texts.entries else view.label(name, texts)


def unit_text(unit: str) -> str:
    """A unit as it is printed: ``m3/s`` becomes ``m³/s``."""
    return unit.replace("m3", "m³").replace("m2", "m²")


def amount_text(amount: float | None) -> str:
    """An amount with thin groups of three; enough digits for small ones."""
    if amount is None:
        return "–"
    digits = 0 if abs(amount) >= 100 or amount == 0 else 1 if abs(amount) >= 1 else 3
    return f"{amount:,.{digits}f}".replace(",", "\u202f")
