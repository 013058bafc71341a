import pickle
from datetime import UTC, datetime

import pytest

from sim.city import simulate
from sim.kernel.errors import CityClockError, InputError, InputErrors, did_you_mean

FULL = InputError(
    "not a number",
    where="drainage.rain.peak_ratio",
    value="x",
    expected="0 to 1",
    hint="leave it out for 0.4",
    file="storm.toml",
)


def test_text_says_file_path_value_expectation_and_hint():
    assert str(FULL) == (
        "storm.toml: drainage.rain.peak_ratio: not a number (got 'x'); expected 0 to 1; "
        "hint: leave it out for 0.4"
    )


def test_text_leaves_out_what_is_not_known():
    assert str(InputError("is missing", where="title.zh")) == "title.zh: is missing"
    assert str(InputError("no document", where="")) == "no document"


def test_none_is_a_value():
    assert str(InputError("is empty", where="a", value=None)) == "a: is empty (got None)"


def test_long_values_are_cut():
    text = str(InputError("too long", where="id", value="x" * 1000))
    assert len(text) < 120
    assert text.endswith("...)")


def test_group_prints_one_error_per_line_and_flattens_groups():
    other = InputError("is missing", where="start", file="storm.toml")
    group = InputErrors([InputErrors([FULL, other]), other])
    assert group.errors == [FULL, other, other]
    assert str(group).splitlines() == [str(FULL), str(other), str(other)]
    assert isinstance(group, InputError)
    assert isinstance(group, CityClockError)
    assert group.file == "storm.toml"


def test_a_single_error_is_a_group_of_one():
    assert FULL.errors == [FULL]


def test_empty_group_is_refused():
    with pytest.raises(ValueError, match="at least one"):
        InputErrors([])


@pytest.mark.parametrize("error", [FULL, InputErrors([FULL, FULL])], ids=["one", "group"])
def test_errors_travel_between_processes(error):
    again = pickle.loads(pickle.dumps(error))
    assert type(again) is type(error)
    assert str(again) == str(error)
    assert [single.value for single in again.errors] == [single.value for single in error.errors]


def test_an_unset_value_stays_unset_between_processes():
    assert str(pickle.loads(pickle.dumps(InputError("gone", where="a")))) == "a: gone"


def test_did_you_mean():
    assert did_you_mean("drianage", ["drainage", "heat"]) == "did you mean 'drainage'?"
    assert did_you_mean("zzz", ["drainage", "heat"]) == ""


@pytest.mark.parametrize("many", [False, True])
def test_an_error_inside_a_process_arrives_as_it_was(many):
    single = InputError("wrong", where="a.b", value=3, expected="4", hint="add one")
    error = InputErrors([single, single]) if many else single

    class Failing:
        name = "failing"

        def start(self, inputs, run):
            def process():
                yield run.clock.env.timeout(1.0)
                raise error

            run.clock.env.process(process())

    start = datetime(2026, 1, 1, tzinfo=UTC)
    with pytest.raises(InputError) as caught:
        simulate({"failing": None}, start, 10.0, systems={"failing": Failing()})
    assert caught.value is error
