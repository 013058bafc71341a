"""The one-page report: complete, self-contained, safe, the same every time."""

from __future__ import annotations

import re
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import pytest

from scenarios.charts.run_view import RunView
from scenarios.document import Assumption
from scenarios.locale import texts
from scenarios.published import Published
from scenarios.report import report_html, write_report
from scenarios.report_tables import basis_text, change_text, setting_html
from scenarios.verify import GapRow
from tests.synthetic_levels import after_with_levels, before_with_levels
from tests.synthetic_runs import after, before

HOSTILE = "</script><script>alert(1)</script><img src=x onerror=alert(2)>"
PUBLISHED = (
    Published(("town-before",), 48.0, "Bulletin 1", "No definition was given.", "未说明定义。"),
    Published(("town-works",), 2.0, "Bulletin 2"),
)
ASSUMPTIONS = {
    "runoff": Assumption(value=0.7, tag="A", source="judgement"),
    "stage": Assumption(value=100.53, unit="m", tag="P", source="survey"),
    "formula": Assumption(value="Xinxiang", tag="S", source="handbook"),
}


class Page(HTMLParser):
    """What of a page matters here: its elements with their attributes, and its visible text."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self._inside: list[str] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        if tag in ("script", "style"):
            self._inside.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if self._inside and self._inside[-1] == tag:
            self._inside.pop()

    def handle_data(self, data: str) -> None:
        if not self._inside:
            self.text += data + " "

    def count(self, tag: str) -> int:
        return sum(name == tag for name, _ in self.elements)


@pytest.fixture(scope="module")
def views() -> list[RunView]:
    return [before(), after()]


@pytest.fixture(scope="module")
def html(views: list[RunView]) -> str:
    return report_html(views, "en", published=PUBLISHED, assumptions=ASSUMPTIONS)


def test_it_holds_what_a_reader_needs(html: str) -> None:
    page = Page(html)
    for words in (
        "Storm comparison", "Recession time", "not drained", "Last point under 15 cm",
        "What the hours mean", "Water balance", "Seed", "Hash of the scenario", "aaaa", "bbbb",
        "Code version", "Where the numbers come from", "published", "sourced", "assumed",
    ):  # fmt: skip
        assert words in page.text, words
    assert "What differs" in page.text


def test_it_is_in_chinese_when_asked(views: list[RunView]) -> None:
    page = Page(report_html(views, "zh", published=PUBLISHED))
    for words in ("暴雨情景对比报告", "退水时间", "未退尽", "水量平衡", "老城区", "未说明定义。"):
        assert words in page.text, words
    assert dict(page.elements)["html"]["lang"] == "zh-CN"


def test_the_same_input_gives_the_same_bytes(views: list[RunView], html: str) -> None:
    assert report_html(views, "en", published=PUBLISHED, assumptions=ASSUMPTIONS) == html


def test_nothing_is_loaded_from_elsewhere(html: str) -> None:
    page = Page(html)
    assert page.count("link") == page.count("img") == page.count("iframe") == 0
    assert not [a for _, a in page.elements if {"src", "href", "action"} & a.keys()]
    assert page.count("script") == 2  # plotly once, then the figures
    policy = next(a for tag, a in page.elements if tag == "meta" and "http-equiv" in a)
    assert str(policy["content"]).startswith("default-src 'none'")
    assert "@import" not in html[: html.index("<script>")]
    assert "url(" not in html[: html.index("<script>")]


def test_it_never_offers_to_send_the_data_away(html: str) -> None:
    figures = html[html.rindex("<script>") :]
    assert figures.count('"showSendToCloud": false') == figures.count("Plotly.newPlot") == 2


def test_text_from_files_cannot_act(views: list[RunView]) -> None:
    network = views[0].network
    assert network is not None
    zones = tuple(zone.model_copy(update={"name_en": HOSTILE}) for zone in network.zones)
    hostile = replace(
        views[0], title={"en": HOSTILE, "zh": HOSTILE}, scenario=HOSTILE, notes=(HOSTILE,),
        facts={"seed": HOSTILE}, network=network.model_copy(update={"zones": zones}),
    )  # fmt: skip
    page = Page(
        report_html(
            [hostile, views[1]], differences=[(HOSTILE, HOSTILE, [HOSTILE])],
            published=[Published((HOSTILE,), 1.0, HOSTILE, HOSTILE)],
            assumptions={HOSTILE: Assumption(value=HOSTILE, unit=HOSTILE, tag="A", source=HOSTILE)},
            verification=[GapRow(HOSTILE, HOSTILE, 1.0, 1.0, 0.0, HOSTILE, HOSTILE, True)],
        )
    )  # fmt: skip
    assert page.count("script") == 2
    assert page.count("img") == 0
    assert not [a for _, a in page.elements if any(name.startswith("on") for name in a)]


def test_published_figures_stand_beside_the_model(html: str) -> None:
    text = " ".join(Page(html).text.split())
    assert "published 48" in text
    assert "published 2" in text
    assert "+7.5" in text  # 9.5 h in the model, 2 h published
    assert "Bulletin 1" in text
    assert "No definition was given." in text


def test_no_distance_to_a_zone_that_did_not_drain(views: list[RunView]) -> None:
    text = Page(report_html(views[:1], published=PUBLISHED)).text
    assert "published 48" in " ".join(text.split())
    assert "48.0" not in text


def test_one_run_needs_no_comparison(views: list[RunView]) -> None:
    text = Page(report_html(views[1:])).text
    assert "Storm report" in text
    assert "What differs" not in text
    assert "B against A" not in text


def test_four_runs_are_all_in_the_tables(views: list[RunView]) -> None:
    four = [*views, replace(views[0], scenario="c"), replace(views[1], scenario="d")]
    page = Page(report_html(four, published=PUBLISHED))
    assert sum(a.get("class") == "cc-run" for _, a in page.elements) >= 4 * 4
    with pytest.raises(ValueError, match="one to four runs, not 5"):
        report_html([*four, views[0]])
    with pytest.raises(ValueError, match="not 0"):
        report_html([])


def test_without_network_or_ponding_it_says_so(views: list[RunView]) -> None:
    dry = replace(views[0], network=None, kpis=[], record=replace(views[0].record, series={}))
    text = Page(report_html([dry])).text
    assert texts("en")("map.missing") in text
    assert texts("en")("curves.empty") in text
    assert texts("en")("recession.empty") in text


def test_only_the_chosen_points_are_drawn(views: list[RunView]) -> None:
    html = report_html(views, points=["J33"])
    assert len(re.findall(r"(J\d\d)\\u003c\\u002fb\\u003e [^\"]*over 15 cm: A", html)) == 1


def test_the_gap_to_the_reference(views: list[RunView]) -> None:
    rows = [
        GapRow("outfall_nse", "", None, None, 0.9931, "", ">= 0.99 (0.97)", True),
        GapRow("recession_end", "h", 3.0, 2.0, 60.0, "min", "max(2 min, 2 %)", False),
        GapRow("something_new", "cm", None, None, None, "", "", True),
    ]
    text = Page(report_html(views, verification=rows)).text
    for words in (
        "Beside EPA SWMM",
        "Nash-Sutcliffe",
        "0.9931",
        "60 min",
        "✓",
        "▲",
        "something_new (cm)",
    ):
        assert words in text


def test_assumptions_are_counted_and_marked(views: list[RunView], html: str) -> None:
    assert basis_text(ASSUMPTIONS, texts("en")) == (
        "This result rests on 3 stated values: 1 published, 1 sourced, 1 assumed."
    )
    synthetic = {**ASSUMPTIONS, "case.status": Assumption(value="SYNTHETIC", tag="A")}
    assert basis_text(synthetic, texts("en")).startswith("The city is synthetic")
    assert basis_text({}, texts("en")) == ""
    for kind in ("published", "sourced", "assumed"):
        assert re.search(rf'class="cc-tag cc-tag-{kind}">{kind}<', html)


def test_settings_do_not_show_where_this_computer_keeps_its_files() -> None:
    assert setting_html("/home/someone/secret/data/hebi/network") == "hebi/network"
    assert setting_html(None) == "–"
    assert setting_html([["<", 1]]) == "[[&quot;&lt;&quot;, 1]]"
    assert len(setting_html("x" * 500)) <= 90


@pytest.mark.parametrize(
    ("a", "b", "text"),
    [(None, 1.0, "–"), (2.0, 2.0, "0"), (0.0, 5.0, "+5.0"), (200.0, 150.0, "−50.0 (−25%)")],
)
def test_changes(a: float | None, b: float | None, text: str) -> None:
    assert change_text(a, b) == text


def test_it_is_written_as_one_file(tmp_path: Path, views: list[RunView]) -> None:
    path = write_report(views, tmp_path / "new" / "report.html", "zh")
    assert path.read_bytes().startswith(b"<!doctype html>")
    assert [p.name for p in path.parent.iterdir()] == ["report.html"]


def test_the_gantt_is_in_it_where_points_were_waterlogged() -> None:
    wet, dry = before_with_levels(), after_with_levels()
    html = report_html([wet, dry], "en")
    assert 'id="gantt"' in html
    assert "When each point was under water" in Page(html).text
    assert 'id="profile"' not in html  # no sewer of the town reaches its outfall
    assert 'id="gantt"' not in report_html([dry], "en")


def test_the_profile_of_the_worst_path_is_in_it() -> None:
    view = after_with_levels()
    network = view.network
    assert network is not None
    to_river = network.conduits[0].model_copy(
        update={"id": "last", "from_node": "J57", "to_node": "OUT"}
    )
    joined = network.model_copy(update={"conduits": (*network.conduits, to_river)})
    html = report_html([replace(view, network=joined)], "zh")
    assert 'id="profile"' in html
    assert texts("zh")("profile.worst_title") in Page(html).text


def test_more_than_four_runs_are_refused(views: list[RunView]) -> None:
    with pytest.raises(ValueError, match="one to four runs, not 5"):
        report_html([views[0]] * 5, "en")
