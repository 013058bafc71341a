"""A private copy of a SWMM input and its side files, set up for a run we can read back."""

from __future__ import annotations

import shutil
from pathlib import Path

from sim.drainage.swmm.lexer import Row, read_text, rows
from sim.drainage.swmm.reading import match
from sim.drainage.swmm.times import clock_text
from sim.kernel.errors import InputError

# section -> (index of the keyword that announces a file, the keyword, index of the file's name)
_FILE_TOKENS = {
    "RAINGAGES": (4, "FILE", 5),
    "TIMESERIES": (1, "FILE", 2),
    "TEMPERATURE": (0, "FILE", 1),
    "FILES": (0, "USE", 2),
}


def prepare(inp: Path, folder: Path, report_step_s: float | None = None) -> Path:
    """Copy an input into `folder` and return the copy's path.

    The copy runs on one thread, reports every element from the first step on, and writes no
    interface files; the side files it names are copied beside it.
    """
    text = read_text(inp)
    lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    copied: dict[Path, str] = {}
    for row in rows(text, inp):
        if row.section == "FILES" and match(row[0], ("SAVE",)):
            lines[row.number - 1] = ""  # results go nowhere but into our own output
        name_at = _file_token(row)
        if name_at is not None:
            lines[row.number - 1] = _with_local_file(row, name_at, inp, folder, copied)
    # later lines win over earlier ones
    lines += [
        "[OPTIONS]", "THREADS 1", "REPORT_START_DATE 01/01/1900", "REPORT_START_TIME 00:00:00",
    ]  # fmt: skip
    if report_step_s is not None:
        lines.append(f"REPORT_STEP {clock_text(report_step_s)}")
    lines += [
        "[REPORT]", "DISABLED NO", "AVERAGES NO", "SUBCATCHMENTS ALL", "NODES ALL", "LINKS ALL",
    ]  # fmt: skip
    target = folder / "run.inp"
    # UTF-8 without a byte-order mark: element names are read back as UTF-8
    target.write_text("\n".join(lines) + "\n", encoding="utf-8", newline="\n")
    return target


def _file_token(row: Row) -> int | None:
    known = _FILE_TOKENS.get(row.section)
    if known is None:
        return None
    keyword_at, keyword, name_at = known
    if len(row) <= name_at or not match(row[keyword_at], (keyword,)):
        return None
    return name_at


def _with_local_file(
    row: Row, name_at: int, inp: Path, folder: Path, copied: dict[Path, str]
) -> str:
    source = inp.parent / row[name_at].replace("\\", "/")
    if source not in copied:
        copied[source] = f"side{len(copied) + 1}.dat"
        try:
            shutil.copyfile(source, folder / copied[source])
        except OSError as error:
            raise InputError(
                f"the file it names cannot be read ({error.strerror})", where=row.where,
                value=row[name_at], expected=f"a file at {source}", file=inp,
            ) from error  # fmt: skip
    tokens = [*row.tokens]
    tokens[name_at] = copied[source]
    return " ".join(f'"{token}"' if token == "" or " " in token else token for token in tokens)
