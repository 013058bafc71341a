"""Texts the user reads, in the languages of ``scenarios/locale/*.toml``.

Charts, reports, the command line and the app take every word from here, so a text exists once and
in every language. Words that belong to a system (its KPIs, events, accounts) come from the
system's own labels instead.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from pathlib import Path
from string import Formatter
from types import MappingProxyType

FOLDER = Path(__file__).parent / "locale"
LANGUAGES: tuple[str, ...] = ("en", "zh")
DEFAULT_LANGUAGE = "en"


class Texts:
    """The texts of one language, by dotted key.

    Parameters
    ----------
    language
        ``"en"`` or ``"zh"``.
    entries
        Text by dotted key; ``{name}`` marks what the caller fills in.
    """

    def __init__(self, language: str, entries: Mapping[str, str]) -> None:
        self.language = language
        self.entries: Mapping[str, str] = MappingProxyType(dict(entries))

    def __call__(self, key: str, **values: object) -> str:
        """Return the text of `key` with `values` filled in.

        Raises
        ------
        KeyError
            No such text, or a placeholder without a value: a mistake in the code, not in a file.
        """
        try:
            text = self.entries[key]
        except KeyError:
            raise KeyError(f"no text {key!r} in scenarios/locale/{self.language}.toml") from None
        return text.format(**values)

    def together(self, sentences: Iterable[str]) -> str:
        """Sentences one after the other; Chinese puts no space between them."""
        return ("" if self.language == "zh" else " ").join(sentences)

    def listing(self, words: Iterable[str]) -> str:
        """Words of a list, separated as the language does."""
        return ("、" if self.language == "zh" else ", ").join(words)

    def pick(self, translated: Mapping[str, str], fallback: str = "") -> str:
        """Choose this language's text of a document's ``{en, zh}`` pair, or the first there is."""
        return translated.get(self.language) or next(iter(translated.values()), "") or fallback


def placeholders(text: str) -> set[str]:
    """Names of the ``{placeholders}`` of a text."""
    return {name for _, name, _, _ in Formatter().parse(text) if name}


@cache
def texts(language: str) -> Texts:
    """Load the texts of a language.

    Raises
    ------
    ValueError
        The language is not one of `LANGUAGES`.
    """
    if language not in LANGUAGES:
        raise ValueError(f"unknown language {language!r}; expected one of {', '.join(LANGUAGES)}")
    document = tomllib.loads((FOLDER / f"{language}.toml").read_text(encoding="utf-8"))
    return Texts(language, dict(_flatten(document)))


def _flatten(table: Mapping[str, object], prefix: str = "") -> Iterator[tuple[str, str]]:
    for key, value in table.items():
        if isinstance(value, Mapping):
            yield from _flatten(value, f"{prefix}{key}.")
        elif isinstance(value, str):
            yield f"{prefix}{key}", value
        else:
            raise ValueError(f"{prefix}{key} in the locale files is not a text: {value!r}")
