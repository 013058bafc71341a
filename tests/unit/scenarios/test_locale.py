"""Both languages say the same things."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from scenarios.locale import LANGUAGES, placeholders, texts

ROOT = Path(__file__).resolve().parents[3]
CALL = re.compile(r"""\b(?:t|texts|pen\.texts)\(\s*["']([a-z_0-9]+(?:\.[a-z_0-9]+)+)["']""")
CJK = "\u4e00-\u9fff"


def used_keys() -> dict[str, str]:
    files = [*(ROOT / "scenarios").rglob("*.py"), *(ROOT / "ui").rglob("*.py"), ROOT / "app.py",
             *(ROOT / "scenarios").glob("*.j2")]  # fmt: skip
    return {key: file.name for file in files for key in CALL.findall(file.read_text("utf-8"))}


def test_languages_have_the_same_keys() -> None:
    english, *others = (texts(language).entries for language in LANGUAGES)
    for other in others:
        assert set(other) == set(english)


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_text_is_empty_or_has_stray_spaces(language: str) -> None:
    for key, text in texts(language).entries.items():
        assert text.strip(), key
        assert text == text.lstrip(), key


@pytest.mark.parametrize("key", texts("en").entries)
def test_placeholders_agree(key: str) -> None:
    assert placeholders(texts("zh").entries[key]) == placeholders(texts("en").entries[key])


def test_every_key_the_code_asks_for_exists() -> None:
    known = texts("en").entries
    keys = used_keys()
    assert len(keys) > 60, "the pattern that finds the keys no longer fits the code"
    assert {key: file for key, file in keys.items() if key not in known} == {}


def test_nothing_is_left_untranslated() -> None:
    names = {"compare.engine_native", "compare.engine_swmm", "verification.reference"}
    english = texts("en").entries
    same = {key for key, text in texts("zh").entries.items() if text == english[key]}
    assert same == names


def test_chinese_has_full_width_punctuation() -> None:
    wrong = re.compile(f"[{CJK}][,:;?!()]|[,:;?!()][{CJK}]")
    for key, text in texts("zh").entries.items():
        assert not wrong.search(text), f"{key}: {text}"


def test_field_terms_are_the_glossary_s() -> None:
    chinese = texts("zh")
    assert "退水时间" in chinese("recession.title")
    assert "超标雨水行泄通道" in chinese("map.channel")
    assert "积水点" in chinese("curves.title")
    assert "内涝" in chinese("definition.waterlogged", cm="15")


def test_a_missing_key_names_the_file() -> None:
    with pytest.raises(KeyError, match=r"no text 'no\.such' in scenarios/locale/zh\.toml"):
        texts("zh")("no.such")


def test_an_unknown_language_is_refused() -> None:
    with pytest.raises(ValueError, match="unknown language 'fr'; expected one of en, zh"):
        texts("fr")


def test_a_document_without_this_language_shows_what_it_has() -> None:
    assert texts("zh").pick({"en": "Only English"}) == "Only English"
    assert texts("zh").pick({}, fallback="name") == "name"
