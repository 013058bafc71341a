import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sim.kernel.errors import LedgerError
from sim.kernel.ledger import Ledger, LedgerEntry, read_ledgers


def water() -> Ledger:
    """100 m3 there, 900 in, 650 out, 350 left."""
    ledger = Ledger("water", "m3")
    ledger.opening("basin", 100.0)
    ledger.inflow("rain", 400.0)
    ledger.inflow("river", 500.0)
    ledger.outflow("outfall", 650.0)
    ledger.closing("basin", 350.0)
    return ledger


def test_a_balanced_ledger():
    assert water().error() == 0.0
    assert water().relative_error() == 0.0
    water().check(0.0)


@pytest.mark.parametrize(
    ("side", "error"), [("opening", 2.0), ("inflow", 2.0), ("outflow", -2.0), ("closing", -2.0)]
)
def test_error_has_the_sign_of_what_is_unaccounted_for(side, error):
    ledger = water()
    getattr(ledger, side)("more", 2.0)
    assert ledger.error() == error
    turnover = 1002.0 if error > 0 else 1000.0
    assert ledger.relative_error() == pytest.approx(2.0 / turnover, rel=1e-15)


def test_check_allows_the_tolerance_and_no_more():
    ledger = water()
    ledger.outflow("seepage", 1e-5)
    ledger.check(1.000001e-8)
    with pytest.raises(LedgerError) as caught:
        ledger.check(0.999e-8)
    for part in ("ledger water", "-1e-05 m3", "opening basin 100", "outflow seepage 1e-05"):
        assert part in str(caught.value)


def test_bookings_on_one_account_and_side_add_up():
    ledger = Ledger("water", "m3")
    for _ in range(10):
        ledger.inflow("rain", 0.1)
    ledger.closing("rain", 0.5)
    ledger.inflow("river", 2.0)
    assert ledger.entries == (
        LedgerEntry("rain", "inflow", 1.0),
        LedgerEntry("rain", "closing", 0.5),
        LedgerEntry("river", "inflow", 2.0),
    )


def test_an_empty_ledger_balances_and_water_from_nowhere_does_not():
    ledger = Ledger("water", "m3")
    ledger.check(1e-8)
    ledger.closing("basin", 1e-12)
    with pytest.raises(LedgerError):
        ledger.check(1e-8)


def test_backflow_counts_as_turnover():
    ledger = Ledger("water", "m3")
    ledger.inflow("outfall", -3.0)
    ledger.opening("basin", 5.0)
    ledger.closing("basin", 2.0 - 8e-8)
    assert ledger.relative_error() == pytest.approx(1e-8, rel=1e-6)


@pytest.mark.parametrize("amount", [float("nan"), float("inf"), float("-inf")])
def test_amounts_that_are_no_numbers_are_refused(amount):
    with pytest.raises(LedgerError, match="inflow rain"):
        Ledger("water", "m3").inflow("rain", amount)


def test_read_ledgers_gives_back_what_was_booked():
    money = Ledger("money", "CNY")
    money.outflow("works", 1e9)
    rows = [
        (ledger.name, ledger.unit, *entry)
        for ledger in (water(), money)
        for entry in ledger.entries
    ]
    table = pd.DataFrame(rows, columns=["ledger", "unit", "account", "side", "amount"])
    again = read_ledgers(table)
    assert list(again) == ["water", "money"]
    assert again["water"].entries == water().entries
    assert again["money"].unit == "CNY"
    assert again["money"].error() == -1e9


@given(st.lists(st.floats(min_value=0, max_value=1e12), min_size=1, max_size=200))
def test_rounding_of_many_bookings_does_not_add_up(amounts):
    ledger = Ledger("water", "m3")
    for amount in amounts:
        ledger.inflow("rain", amount)
    for amount in reversed(amounts):
        ledger.outflow("outfall", amount)
    assert ledger.error() == 0.0
