"""Widgets and the address of the page follow each other."""

from __future__ import annotations

import pytest
from streamlit.testing.v1 import AppTest


def page() -> None:
    import streamlit as st

    from ui.query import follow, publish

    known = st.session_state.get("known", ["one", "two", "three"])
    shown = st.session_state.get("shown", True)
    if shown:
        now = st.session_state.get("now")
        followed = follow(
            "pick", known[0], lambda text: text if text in known else None,
            stale=now is not None and now not in known,
        )  # fmt: skip
        value = st.selectbox("Pick", known, index=known.index(followed.initial), key=followed.key)
        publish("pick", value)
        st.session_state["now"] = value


def app(**query: str) -> AppTest:
    test = AppTest.from_function(page)
    for name, value in query.items():
        test.query_params[name] = value
    return test.run()


def test_without_an_address_the_default_is_shown_and_published() -> None:
    test = app()
    assert (test.selectbox[0].value, test.query_params["pick"]) == ("one", "one")


def test_the_address_decides_at_first() -> None:
    assert app(pick="two").selectbox[0].value == "two"


def test_an_address_that_means_nothing_is_replaced() -> None:
    test = app(pick="twelve")
    assert (test.selectbox[0].value, test.query_params["pick"]) == ("one", "one")


def test_the_widget_then_leads_the_address() -> None:
    test = app(pick="two")
    test.selectbox[0].select("three").run()
    assert (test.selectbox[0].value, test.query_params["pick"]) == ("three", "three")


def test_an_edited_address_wins_once_things_have_settled(monkeypatch: pytest.MonkeyPatch) -> None:
    import ui.query

    test = app(pick="two")
    test.query_params["pick"] = "three"  # the browser may still send an old address
    test.run()
    assert test.selectbox[0].value == "two"
    monkeypatch.setattr(ui.query, "SETTLING_S", 0.0)
    test.query_params["pick"] = "three"
    test.run()
    assert test.selectbox[0].value == "three"
    test.selectbox[0].select("one").run()
    assert test.query_params["pick"] == "one"


def test_a_choice_survives_a_visit_to_another_page() -> None:
    test = app()
    test.selectbox[0].select("three").run()
    test.session_state["shown"] = False
    test.run()
    del test.query_params["pick"]
    test.session_state["shown"] = True
    test.run()
    assert test.selectbox[0].value == "three"


def test_a_value_no_longer_on_offer_gives_way() -> None:
    test = app(pick="two")
    test.session_state["known"] = ["four", "five"]
    test.run()
    assert (test.selectbox[0].value, test.query_params["pick"]) == ("four", "four")
