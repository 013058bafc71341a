"""Tables: what is written is read back, and every wrong cell is named with its place."""

import time
from pathlib import Path

import pytest

from sim.drainage.elements import (
    Action,
    Conduit,
    CrossSection,
    Curve,
    GreenAmpt,
    Horton,
    Inflow,
    Junction,
    Outfall,
    Premise,
    Rule,
    Series,
    Subcatchment,
    Transect,
)
from sim.drainage.network import Network
from sim.drainage.tables import read_tables, table_files, write_tables
from sim.kernel.errors import InputError, InputErrors

JUNCTIONS = "id,invert_m,max_depth_m,zone\nJ1,10.5,2,\n001,9.25,,Z\n"
SUBCATCHMENT_HEADER = (
    "id,gauge,outlet,area_ha,impervious_percent,width_m,slope_percent,n_impervious,n_pervious,"
    "storage_impervious_mm,storage_pervious_mm,infiltration.method,"
    "infiltration.max_rate_mm_h,infiltration.min_rate_mm_h,infiltration.decay_per_h,"
    "infiltration.drying_time_d,infiltration.curve_number\n"
)


def folder_with(folder: Path, **texts: str | bytes) -> Path:
    for name, text in texts.items():
        data = text if isinstance(text, bytes) else text.encode()
        (folder / f"{name}.csv").write_bytes(data)
    return folder


def errors_of(folder: Path) -> list[InputError]:
    with pytest.raises(InputErrors) as caught:
        read_tables(folder)
    assert all(error.file and error.where for error in caught.value.errors)
    assert all(error.expected and error.hint for error in caught.value.errors)
    return caught.value.errors


def one_error(folder: Path) -> InputError:
    [error] = errors_of(folder)
    return error


def subcatchment(**more: object) -> Subcatchment:
    fields = {
        "id": "A",
        "gauge": "G",
        "outlet": "J1",
        "area_ha": 1.5,
        "impervious_percent": 50.0,
        "width_m": 100.0,
        "slope_percent": 1.0,
        "n_impervious": 0.01,
        "n_pervious": 0.1,
        "storage_impervious_mm": 1.0,
        "storage_pervious_mm": 3.0,
        "infiltration": GreenAmpt(
            suction_head_mm=80.0, conductivity_mm_h=10.0, initial_deficit=0.2
        ),
    }
    return Subcatchment(**(fields | more))


def example() -> Network:
    return Network(
        junctions=(
            Junction(id="001", invert_m=0.1 + 0.2, zone="新区"),
            Junction(id='a "b", c', invert_m=-1e-300, x_m=1.0, y_m=2.0, work="W1", replaces="001"),
        ),
        outfalls=(Outfall(id="O", invert_m=1.0, boundary="fixed", stage_m=2.5, flap_gate=True),),
        conduits=(
            Conduit(
                id="C",
                from_node="001",
                to_node="O",
                length_m=1e16,
                roughness_n=0.013,
                barrels=2,
                # Equal to its default 0.0, but not the same number.
                initial_flow_m3s=-0.0,
                section=CrossSection(kind="trapezoidal", depth_m=1.0, side_slope_left=0.5),
                level="street",
            ),
        ),
        subcatchments=(
            subcatchment(),
            subcatchment(
                id="B",
                infiltration=Horton(
                    method="modified_horton",
                    max_rate_mm_h=75.0,
                    min_rate_mm_h=4.0,
                    decay_per_h=4.14,
                    drying_time_d=7.0,
                ),
            ),
        ),
        curves=(
            Curve(id="K", kind="storage", points=((0.0, 1.0), (1.0, 2.0)), work="W1"),
            Curve(id="L", kind="pump", points=((0.0, 1.0),)),
        ),
        series=(Series(id="s", points=((0.0, -1.5), (0.1, 1 / 3))),),
        transects=(
            Transect(
                id="X",
                stations=((0.0, 2.0), (1.0, 0.0), (2.0, 2.0)),
                left_bank_m=0.0,
                right_bank_m=2.0,
                n_left=0.05,
                n_channel=0.03,
                n_right=0.05,
            ),
        ),
        inflows=(
            Inflow(node="001", baseline_m3s=0.2, pattern_daily=(1.0, 0.9, 1.1)),
            Inflow(node="001", series="s"),
        ),
        rules=(
            Rule(
                id="R",
                premises=(
                    Premise(
                        join="if",
                        object="node",
                        id="001",
                        attribute="depth",
                        relation=">",
                        value=1.0,
                    ),
                ),
                then=(Action(link="C", setting=0.0),),
                priority=2.5,
            ),
        ),
    )


def test_a_network_survives_the_round_trip(tmp_path: Path) -> None:
    files = write_tables(example(), tmp_path)
    assert read_tables(tmp_path) == example()
    assert repr(read_tables(tmp_path).conduits) == repr(example().conduits)
    assert files == table_files(tmp_path)
    assert {file.name for file in files} == {file.name for file in tmp_path.iterdir()}


def test_writing_twice_gives_the_same_bytes(tmp_path: Path) -> None:
    first = {f.name: f.read_bytes() for f in write_tables(example(), tmp_path / "a")}
    write_tables(example(), tmp_path / "b")
    second = {
        f.name: f.read_bytes() for f in write_tables(read_tables(tmp_path / "a"), tmp_path / "b")
    }
    assert first == second
    assert all(b"\r" not in data for data in first.values())


def test_headers_are_stable_and_point_tables_are_long(tmp_path: Path) -> None:
    write_tables(example(), tmp_path)
    assert (tmp_path / "curves.csv").read_text() == (
        "id,kind,x,y,work,replaces\nK,storage,0.0,1.0,W1,\nK,,1.0,2.0,,\nL,pump,0.0,1.0,,\n"
    )
    assert (tmp_path / "series.csv").read_text().splitlines()[:2] == [
        "id,time_s,value,work,replaces",
        "s,0.0,-1.5,,",
    ]
    conduits = (tmp_path / "conduits.csv").read_text().splitlines()
    assert conduits[0].startswith("id,from_node,to_node,length_m,")
    assert ",section.kind,section.depth_m," in conduits[0]
    assert conduits[0].endswith(",level,work,replaces")


def test_a_table_whose_family_became_empty_is_removed(tmp_path: Path) -> None:
    write_tables(example(), tmp_path)
    (tmp_path / "notes.txt").write_text("kept")
    smaller = example().model_copy(update={"conduits": (), "rules": ()})
    write_tables(smaller, tmp_path)
    assert read_tables(tmp_path) == smaller
    assert not (tmp_path / "conduits.csv").exists()
    assert (tmp_path / "notes.txt").exists()


def test_writing_refuses_an_id_twice(tmp_path: Path) -> None:
    twice = Network(curves=(example().curves[1], example().curves[1]))
    with pytest.raises(InputErrors, match="curves/L/id: this id appears twice"):
        write_tables(twice, tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_optional_columns_may_be_left_out_and_ids_stay_text(tmp_path: Path) -> None:
    junctions = read_tables(folder_with(tmp_path, junctions=JUNCTIONS)).junctions
    assert junctions == (
        Junction(id="J1", invert_m=10.5, max_depth_m=2.0),
        Junction(id="001", invert_m=9.25, zone="Z"),
    )


def test_a_byte_order_mark_and_windows_lines_are_accepted(tmp_path: Path) -> None:
    data = b"\xef\xbb\xbf" + JUNCTIONS.replace("\n", "\r\n").encode()
    assert len(read_tables(folder_with(tmp_path, junctions=data)).junctions) == 2


def test_blank_lines_do_not_shift_line_numbers(tmp_path: Path) -> None:
    text = 'id,invert_m\n\n"two\nlines",1.0\n\nJ2,x\n'
    assert one_error(folder_with(tmp_path, junctions=text)).where == "line 6, column invert_m"


CELLS = {
    # cell: what is wrong, hint
    "": ("the cell is empty", ""),
    "NaN": ("not a number", "a missing value is an empty cell"),
    "inf": ("not a number", "a missing value is an empty cell"),
    "ten": ("not a number", ""),
    "1_000": ("not a number", "without separators"),
    " 1.5": ("not a number", "remove the blanks"),
    "1e400": ("beyond the range", ""),
    "10 m": ("not a number", "leave out the unit"),
    "0x10": ("not a number", ""),
    "true": ("not a number", ""),
    "\u0661": ("not a number", ""),
}


@pytest.mark.parametrize("cell", CELLS)
def test_a_cell_that_is_no_number(tmp_path: Path, cell: str) -> None:
    text = f"id,invert_m\nJ1,1.0\nJ2,{cell}\n"
    error = one_error(folder_with(tmp_path, junctions=text))
    what, hint = CELLS[cell]
    assert error.file == tmp_path / "junctions.csv"
    assert error.where == "line 3, column invert_m"
    assert error.value == cell
    assert what in error.what
    assert error.expected == "a number"
    assert hint in error.hint


def test_a_decimal_comma_in_quotes_is_named(tmp_path: Path) -> None:
    error = one_error(folder_with(tmp_path, junctions='id,invert_m\nJ1,"1,5"\n'))
    assert error.hint == "write a decimal point, not a comma"


@pytest.mark.parametrize(
    ("column", "cell", "expected"),
    [
        ("length_m", "0", "greater than 0"),
        ("barrels", "2.0", "a whole number"),
        ("barrels", "0", "greater than or equal to 1"),
        ("flap_gate", "yes", "true or false"),
        ("level", "canal", "one of sewer, street, channel"),
        ("section.kind", "round", "one of circular"),
        ("section.depth_m", "-1", "greater than or equal to 0"),
        ("from_node", "", "at least 1 character"),
    ],
)
def test_a_cell_outside_its_limits(tmp_path: Path, column: str, cell: str, expected: str) -> None:
    cells = {
        "id": "C",
        "from_node": "J1",
        "to_node": "J2",
        "length_m": "100",
        "roughness_n": "0.013",
        "barrels": "1",
        "flap_gate": "FALSE",
        "level": "sewer",
        "section.kind": "circular",
        "section.depth_m": "0.5",
    }
    text = ",".join(cells) + "\n" + ",".join((cells | {column: cell}).values()) + "\n"
    error = one_error(folder_with(tmp_path, conduits=text))
    assert error.where == f"line 2, column {column}"
    assert error.value == cell
    assert expected in error.expected


def test_every_wrong_cell_of_every_table_is_reported(tmp_path: Path) -> None:
    folder = folder_with(
        tmp_path,
        junctions="id,invert_m,max_depth_m\nJ1,a,b\nJ2,1,2\nJ3,1,c\n",
        outfalls="id,invert_m,flap_gate\nO,1,maybe\n",
    )
    places = [(Path(str(e.file)).name, e.where) for e in errors_of(folder)]
    assert places == [
        ("junctions.csv", "line 2, column invert_m"),
        ("junctions.csv", "line 2, column max_depth_m"),
        ("junctions.csv", "line 4, column max_depth_m"),
        ("outfalls.csv", "line 2, column flap_gate"),
    ]


def test_infiltration_by_method(tmp_path: Path) -> None:
    start = "A,G,J1,1,50,100,1,0.01,0.1,1,3,"
    good = SUBCATCHMENT_HEADER + start + "horton,75,4,4,7,\n"
    [area] = read_tables(folder_with(tmp_path, subcatchments=good)).subcatchments
    assert area.infiltration == Horton(
        max_rate_mm_h=75.0, min_rate_mm_h=4.0, decay_per_h=4.0, drying_time_d=7.0
    )
    foreign = SUBCATCHMENT_HEADER + start + "horton,75,4,4,7,80\n"
    error = one_error(folder_with(tmp_path, subcatchments=foreign))
    assert error.where == "line 2, column infiltration.curve_number"
    assert "'horton' has no such field" in error.what
    assert error.hint == "the field belongs to curve_number"
    lacking = SUBCATCHMENT_HEADER + start + "curve_number,,,,7,\n"
    error = one_error(folder_with(tmp_path, subcatchments=lacking))
    assert (error.where, error.what) == (
        "line 2, column infiltration.curve_number",
        "the cell is empty",
    )
    beyond = SUBCATCHMENT_HEADER + start + "curve_number,,,,7,120\n"
    error = one_error(folder_with(tmp_path, subcatchments=beyond))
    assert (error.where, error.value, error.expected) == (
        "line 2, column infiltration.curve_number",
        "120",
        "less than or equal to 99",
    )


def test_unknown_and_missing_columns_are_matched_up(tmp_path: Path) -> None:
    errors = errors_of(folder_with(tmp_path, junctions="id,invert_ft\nJ1,1\n"))
    assert [(e.what, e.where) for e in errors] == [
        ("unknown column", "line 1, column invert_ft"),
        ("missing column", "line 1, column invert_m"),
    ]
    assert errors[0].hint == "did you mean 'invert_m'?"


@pytest.mark.parametrize(
    ("text", "where", "what"),
    [
        ("", "line 1", "the file is empty"),
        ("\n\n", "line 1", "the file is empty"),
        ("id;invert_m\nJ1;1\n", "line 1", "not separated by commas"),
        ("id,invert_m,\nJ1,1,\n", "line 1, column 3", "has no name"),
        ("id,invert_m,id\nJ1,1,J1\n", "line 1, column id", "appears twice"),
        ("id,invert_m\nJ1\n", "line 2", "has 1 cells, the header 2"),
        ("id,invert_m\nJ1,1,5\n", "line 2", "has 3 cells, the header 2"),
        ('id,invert_m\nJ1,1\n"J2,1\nJ3,1\n', "line 3", "not valid CSV"),
        ('id,invert_m\n"J1"x,1\n', "line 2", "not valid CSV"),
        ("id,invert_m\nJ1,1\nJ1,2\n", "line 3, column id", "already taken on line 2"),
        ("id,invert_m\n,1\n", "line 2, column id", "not allowed"),
        ("id,invert_m\n" + "x" * 20_000 + ",1\n", "line 2, column id", "20000 characters"),
        ("id,invert_m\n" + "x" * 200_000 + ",1\n", "line 2", "not valid CSV"),
    ],
)
def test_a_broken_table(tmp_path: Path, text: str, where: str, what: str) -> None:
    error = errors_of(folder_with(tmp_path, junctions=text))[0]
    assert error.where == where
    assert what in error.what
    assert error.expected
    assert len(str(error)) < 600


@pytest.mark.parametrize(
    ("encoding", "hint"), [("gb18030", "GB18030"), ("utf-16", "UTF-16"), ("utf-32", "CSV UTF-8")]
)
def test_another_encoding_is_named(tmp_path: Path, encoding: str, hint: str) -> None:
    data = "id,invert_m,zone\nJ1,1,新区\n".encode(encoding)
    error = one_error(folder_with(tmp_path, junctions=data))
    assert "UTF-8" in error.what
    assert hint in error.hint


def test_a_table_nobody_knows_is_refused(tmp_path: Path) -> None:
    error = one_error(folder_with(tmp_path, junctions=JUNCTIONS, conduit="id\nC\n"))
    assert (error.value, error.hint) == ("conduit.csv", "did you mean 'conduits.csv'?")


def test_a_folder_without_tables_or_no_folder(tmp_path: Path) -> None:
    assert one_error(tmp_path).what == "the folder holds no table"
    assert one_error(tmp_path / "none").what == "there is no such folder of tables"


def test_points_of_one_id_stand_together(tmp_path: Path) -> None:
    text = "id,kind,x,y\nK,pump,0,1\nL,pump,0,1\nK,,1,2\n"
    error = errors_of(folder_with(tmp_path, curves=text))[0]
    assert (error.where, error.what) == (
        "line 4, column id",
        "this id is already taken on line 2",
    )


def test_points_may_repeat_but_not_change_what_describes_them(tmp_path: Path) -> None:
    same = "id,kind,x,y\nK,pump,0,1\nK,pump,1,2\n"
    assert len(read_tables(folder_with(tmp_path, curves=same)).curves[0].points) == 2
    error = one_error(folder_with(tmp_path, curves="id,kind,x,y\nK,pump,0,1\nK,storage,1,2\n"))
    assert error.where == "line 3, column kind"
    assert "differs from the first row of K" in error.what


def test_points_need_numbers(tmp_path: Path) -> None:
    text = "id,kind,x,y\nK,pump,0,\nK,,nan,2\nM,dam,1,1\n"
    assert [(e.where, e.what) for e in errors_of(folder_with(tmp_path, curves=text))] == [
        ("line 2, column y", "the cell is empty"),
        ("line 3, column x", "not a number"),
        ("line 4, column kind", "not one of the words this column knows"),
    ]


@pytest.mark.parametrize(
    ("text", "where", "expected"),
    [
        ('[{"id": "R", "id": "S"}]', "object", "every key once"),
        ("[", "line 1, column 2", "JSON"),
        ('{"id": "R"}', "file", "a valid array"),
        ('[{"id": "R", "premises": [], "then": []}]', "[0].premises", "at least 1 item"),
        (
            '[{"id": "R", "premises": [{"join": "if", "object": "node", "attribute": "depth",'
            ' "relation": "=>", "value": 1}], "then": [{"link": "C", "setting": NaN}]}]',
            "[0].premises[0].relation",
            "'>='",
        ),
        ("[" * 100_000, "file", "a list of rules"),
    ],
)
def test_broken_rules(tmp_path: Path, text: str, where: str, expected: str) -> None:
    folder_with(tmp_path, junctions=JUNCTIONS)
    (tmp_path / "rules.json").write_text(text)
    error = errors_of(tmp_path)[0]
    assert error.where == where
    assert expected in error.expected


def test_a_setting_that_is_not_finite_is_refused(tmp_path: Path) -> None:
    write_tables(example(), tmp_path)
    file = tmp_path / "rules.json"
    file.write_text(file.read_text().replace('"setting": 0.0', '"setting": NaN'))
    assert [error.where for error in errors_of(tmp_path)] == ["[0].then[0].setting"]


def test_1200_elements_are_read_in_well_under_a_second(tmp_path: Path) -> None:
    count = 600
    network = Network(
        junctions=tuple(
            Junction(id=f"J{i}", invert_m=i / 7, max_depth_m=3.0, x_m=i * 1.1, y_m=i * 0.9)
            for i in range(count)
        ),
        conduits=tuple(
            Conduit(
                id=f"C{i}",
                from_node=f"J{i}",
                to_node=f"J{i + 1}",
                length_m=50.0 + i / 3,
                roughness_n=0.013,
                section=CrossSection(kind="circular", depth_m=0.5),
            )
            for i in range(count)
        ),
    )
    write_tables(network, tmp_path)
    begin = time.process_time()
    assert read_tables(tmp_path) == network
    assert time.process_time() - begin < 0.5
