from pathlib import Path

import pytest

from sim.drainage.swmm import read_inp
from sim.drainage.swmm.lexer import read_text, rows, tokens_of
from sim.kernel.errors import InputError

FILE = Path("case.inp")


def test_tokens_know_quotes_tabs_and_comments() -> None:
    assert tokens_of('A\t"two words"  "" 3.5 ; rest "of" line') == ("A", "two words", "", "3.5")
    assert tokens_of("  ;; only a comment") == ()


def test_rows_carry_section_and_line_number_through_any_line_ends() -> None:
    text = "[junctions]\r\n\r\nJ1 0\r\n;x\r\n[Xsections]\rC1 CIRCULAR 1"
    found = [(row.section, row.number, row.tokens[0]) for row in rows(text, FILE)]
    assert found == [("JUNCTIONS", 3, "J1"), ("XSECTIONS", 6, "C1")]


@pytest.mark.parametrize(
    ("heading", "name"),
    [("[INLET_USAGE]", "INLET_USAGE"), ("[INLETS]", "INLETS"), ("[JUNC]", "JUNCTIONS"),
     ("[Evaporation]", "EVAPORATION"), ("[TAGS", "TAGS")],
)  # fmt: skip
def test_headings_match_by_their_first_letters(heading: str, name: str) -> None:
    assert [row.section for row in rows(f"{heading}\nx", FILE)] == [name]


def test_an_unknown_section_is_an_error_with_its_line() -> None:
    with pytest.raises(InputError, match=r"line 2: unknown section \(got '\[MAGIC\]'\)"):
        list(rows("\n[MAGIC]\n", FILE))


def test_a_byte_order_mark_and_latin_1_names_are_read(tmp_path: Path) -> None:
    with_mark, latin = tmp_path / "bom.inp", tmp_path / "latin.inp"
    with_mark.write_bytes(b"\xef\xbb\xbf[TITLE]\nx")
    latin.write_bytes("[TITLE]\nRúa".encode("latin-1"))
    assert read_text(with_mark).startswith("[TITLE]")
    assert read_text(latin).endswith("Rúa")


def test_a_missing_file_is_an_input_error(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="cannot read the file"):
        read_inp(tmp_path / "absent.inp")
