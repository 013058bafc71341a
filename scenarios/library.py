"""The scenarios that come with CityClock, and how a name becomes a file."""

from __future__ import annotations

from pathlib import Path

from sim.kernel.errors import InputError, did_you_mean

FOLDER = Path(__file__).resolve().parent / "library"


def names() -> tuple[str, ...]:
    """Return the names of the library's scenarios, sorted."""
    return tuple(sorted(path.stem for path in FOLDER.glob("*.toml")))


def titles(path: str | Path) -> dict[str, str]:
    """Return the titles of a scenario by language, without checking the rest of it.

    Raises
    ------
    InputError
        If the document or one it extends cannot be read.
    """
    from scenarios import layers

    title = layers.merge(layers.chain(find(path, Path.cwd()), find)).data.get("title")
    found = title if isinstance(title, dict) else {}
    return {language: text for language, text in found.items() if isinstance(text, str)}


def find(name_or_path: str | Path, folder: Path) -> Path:
    """Return the file of a scenario.

    Text that ends in ``.toml`` or holds a slash is a path, relative to `folder`; anything else is
    a name in the library.

    Raises
    ------
    InputError
        If there is no such name or file.
    """
    text = str(name_or_path)
    looks_like_path = isinstance(name_or_path, Path) or text.endswith(".toml") or "/" in text
    if looks_like_path or "\\" in text:
        path = folder / text
        if _is_file(path):
            return path
        raise InputError(
            "no such file", where="scenario", value=text,
            expected="a scenario document (.toml)", hint=f"looked in {path.parent}",
        )  # fmt: skip
    path = FOLDER / f"{text}.toml"
    if text and _is_file(path):
        return path
    hint = did_you_mean(text, names())
    if _is_file(folder / f"{text}.toml"):
        hint = f"for the file in this folder write {text}.toml"
    raise InputError(
        "no such scenario", where="scenario", value=text,
        expected=f"a path to a .toml file, or one of: {', '.join(names())}",
        hint=hint,
    )  # fmt: skip


def _is_file(path: Path) -> bool:
    try:
        return path.is_file()
    except (OSError, ValueError):  # too long, or a NUL in it
        return False
