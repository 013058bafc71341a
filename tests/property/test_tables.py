"""Any network whose ids are unique survives the way through its tables, bit by bit."""

import tempfile
import types
from pathlib import Path
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydantic import BaseModel

from sim.drainage.elements import Element
from sim.drainage.network import Network
from sim.drainage.tables import read_tables, write_tables
from sim.kernel.csv_rows import parse_number, read_sheet, sheet_text
from sim.kernel.schema import Pairs

FINITE = st.floats(allow_nan=False, allow_infinity=False)
# Everything UTF-8 can hold, with what CSV and number readers stumble over drawn often.
TEXT = st.one_of(
    st.text(max_size=8),
    st.sampled_from(
        ["001", "1e5", "NaN", "", " a ", 'a"b', "a,b", "a\nb", "a\r\nb", "\r", "=1", "新"]
    ),
)


def of_type(annotation: Any, metadata: tuple[Any, ...] = ()) -> st.SearchStrategy[Any]:
    """Values of a field's type within its limits."""
    if get_origin(annotation) is Annotated:
        bare, *more = get_args(annotation)
        limits = [limit for one in more for limit in getattr(one, "metadata", [one])]
        return of_type(bare, (*limits, *metadata))
    limits = {
        name: getattr(limit, name)
        for limit in metadata
        for name in ("ge", "gt", "le", "lt", "min_length")
        if hasattr(limit, name)
    }
    if annotation == Pairs:
        size = limits["min_length"]
        pair = st.tuples(FINITE, FINITE)
        return st.lists(pair, min_size=size, max_size=size + 3).map(tuple)
    if annotation is float:
        return st.floats(
            min_value=limits.get("gt", limits.get("ge")),
            max_value=limits.get("lt", limits.get("le")),
            exclude_min="gt" in limits,
            exclude_max="lt" in limits,
            allow_nan=False,
            allow_infinity=False,
        )
    if annotation is int:
        return st.integers(limits.get("ge"), limits.get("le", 10**20))
    if annotation is bool:
        return st.booleans()
    if annotation is str:
        return TEXT.filter(lambda text: len(text) >= limits.get("min_length", 0))
    if annotation is type(None):
        return st.none()
    origin = get_origin(annotation)
    if origin is Literal:
        return st.sampled_from(get_args(annotation))
    if origin in (Union, types.UnionType):
        return st.one_of(*map(of_type, get_args(annotation)))
    if origin is tuple:
        size = limits.get("min_length", 0)
        members = of_type(get_args(annotation)[0])
        return st.lists(members, min_size=size, max_size=size + 2).map(tuple)
    assert issubclass(annotation, BaseModel)
    return element(annotation)


def element(model: type[BaseModel]) -> st.SearchStrategy[Any]:
    required, optional = {}, {}
    for name, field in model.model_fields.items():
        target = required if field.is_required() else optional
        target[name] = of_type(field.annotation, tuple(field.metadata))
    return st.fixed_dictionaries(required, optional=optional).map(model.model_validate)


def family(annotation: Any) -> st.SearchStrategy[tuple[Any, ...]]:
    model = get_args(annotation)[0]
    unique = "id" in model.model_fields
    return st.lists(element(model), max_size=3, unique_by=(lambda e: e.id) if unique else None).map(
        tuple
    )


FAMILIES = {name: family(field.annotation) for name, field in Network.model_fields.items()}


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.data())
def test_round_trip(data: st.DataObject) -> None:
    names = data.draw(
        st.lists(st.sampled_from(sorted(FAMILIES)), min_size=1, max_size=4, unique=True)
    )
    network = Network(**{name: data.draw(FAMILIES[name]) for name in names})
    with tempfile.TemporaryDirectory() as folder:
        files = write_tables(network, folder)
        if not files:
            return
        again = read_tables(folder)
        assert again == network
        # Equality takes 0.0 for -0.0; the text of both does not.
        if not network.rules:
            assert repr(again) == repr(network)
        before = [file.read_bytes() for file in files]
        assert [file.read_bytes() for file in write_tables(again, folder)] == before


@given(st.lists(st.lists(TEXT, min_size=2, max_size=2), max_size=5))
def test_any_text_survives_a_sheet(rows: list[list[str]]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "sheet.csv"
        file.write_text(sheet_text(["a", "b"], rows), encoding="utf-8", newline="")
        assert [row.cells for row in read_sheet(file).rows] == rows


@given(FINITE)
def test_any_finite_number_survives_as_text(value: float) -> None:
    assert repr(parse_number(repr(value))) == repr(value)


def test_every_family_of_elements_is_drawn() -> None:
    assert set(FAMILIES) == set(Network.model_fields)
    assert all(
        issubclass(get_args(field.annotation)[0], (Element, BaseModel))
        for field in Network.model_fields.values()
    )
