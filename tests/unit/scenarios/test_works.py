"""From a scenario with works to plans: storms, rules, values, the study, the job, the command."""

from __future__ import annotations

import json
import time
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

from bench.works_network import WORKS, works_network, write_case
from scenarios import document
from scenarios.charts.works_charts import budget_curve, works_map
from scenarios.cli import app
from scenarios.locale import texts
from scenarios.location import locate
from scenarios.works import Request, study_works
from scenarios.works import works_network as network_of
from scenarios.works_job import WorksJob, key_of, request_of
from scenarios.works_problem import problem_of
from scenarios.works_storms import storms_of
from scenarios.works_study import Study
from scenarios.works_text import notes, plans_table, ranked_table, storms_table, summary_line
from scenarios.works_values import Outcome, Simulator, Task, outcome_of
from scenarios.works_verify import verify_plan
from sim.city import simulate
from sim.drainage import SYSTEM
from sim.drainage.elements import Work
from sim.kernel.errors import InputError

COSTS = {name: cost for name, cost, _ in WORKS}
# Two storms of an hour and few works keep these tests short.
SHORT = ("duration_h=1.5", "drainage.runoff_step_s=300")
QUICK = Request(
    budgets=(5.0, 20.0), storms=("own",), confirm=("own",), replications=1, evaluations=30,
    workers=1,
)  # fmt: skip


@pytest.fixture
def case(folder: Path) -> Path:
    return write_case(folder)


@pytest.fixture
def few(case: Path) -> Path:
    """The same district with four of its works."""
    path = case.parent / "network" / "works.csv"
    keep = ("OUTLET", "ROW2", "CHANNEL_A", "CHANNEL_B")
    gone = [name for name in COSTS if name not in keep]
    for table in (case.parent / "network").glob("*.csv"):
        lines = table.read_text(encoding="utf-8").splitlines()
        kept = [x for x in lines if not any(name in x.split(",") for name in gone)]
        table.write_text("\n".join(kept) + "\n", encoding="utf-8")
    assert len(path.read_text(encoding="utf-8").splitlines()) == 5
    return case


@pytest.fixture
def study(few: Path, folder: Path) -> Study:
    return study_works(document.load(few, SHORT), QUICK, kept=folder / "kept")


# --- the problem ---------------------------------------------------------------------------


def test_candidates_are_the_works_with_their_costs():
    problem = problem_of(works_network())
    assert {c.id: c.cost for c in problem.candidates} == COSTS
    assert problem.conflicts == ()
    assert problem.needs == ()


def test_two_works_that_replace_the_same_exclude_each_other():
    network = works_network()
    again = [
        c.model_copy(update={"id": f"{c.id}+", "work": "BIGGER"})
        for c in network.conduits
        if c.work == "OUTLET"
    ]
    works = (*network.works, Work(id="BIGGER", name_en="b", name_zh="b", kind="work",
                                  cost_million_cny=1.0))  # fmt: skip
    changed = network.model_copy(update={"conduits": (*network.conduits, *again), "works": works})
    assert problem_of(changed).conflicts == (("BIGGER", "OUTLET"),)


def test_a_work_on_an_element_of_another_needs_it():
    network = works_network()
    (weir,) = [w for w in network.weirs if w.work == "TANK1"]
    second = weir.model_copy(update={"id": "V2", "work": "ROW1"})
    changed = network.model_copy(update={"weirs": (*network.weirs, second)})
    assert problem_of(changed).needs == (("ROW1", "TANK1"),)


def test_a_network_without_works_is_refused():
    with pytest.raises(InputError, match="no works to choose from"):
        problem_of(works_network().model_copy(update={"works": ()}))


# --- storms and values ---------------------------------------------------------------------


def test_storms_differ_in_rain_river_and_length_only(case: Path):
    scenario = document.load(case)
    design, own, other = storms_of(scenario, ["T20", "own", "hebi-2021-before"])
    assert (design.name, design.years) == ("T20", 20.0)
    assert design.scenario.duration_h == 12.0
    spec = design.scenario.sections["drainage"]
    assert spec.rain.return_period_years == 20.0
    assert spec.rain_multiplier == 1.0
    assert own.scenario.duration_h == 8.0
    assert other.scenario.sections["drainage"].rain.kind == "nested"
    assert Path(other.scenario.sections["drainage"].river.file).is_file()
    assert {s.scenario.sections["drainage"].network for s in (design, own, other)} == {"network"}


@pytest.mark.parametrize("names", [[], ["no-such-storm"], ["0"]])
def test_storms_that_are_none_are_refused(case: Path, names):
    with pytest.raises(InputError):
        storms_of(document.load(case), names)


def test_the_value_is_that_of_a_run_of_its_own(case: Path):
    """The figure of depth-hours among the KPIs is computed by other code."""
    scenario = document.load(case, [*SHORT, "drainage.works=['ROW2', 'CHANNEL_B']"])
    inputs = SYSTEM.load(
        scenario.sections["drainage"], scenario.folder, scenario.start, scenario.duration_s
    )
    record = simulate({"drainage": inputs}, scenario.start, scenario.duration_s, scenario.seed)
    (kpi,) = [k for k in SYSTEM.kpis(inputs, record) if k.name == "depth_hours"]
    outcome = Simulator(storms_of(scenario, ["own"])).outcome(
        Task(0, frozenset({"ROW2", "CHANNEL_B"}))
    )
    assert outcome.depth_hours == pytest.approx(kpi.value, rel=1e-12)
    assert outcome.area_hours == pytest.approx(800.0 * kpi.value, rel=1e-12)  # all ponds 800 m2
    assert outcome == outcome_of(record, inputs)


def test_an_outcome_is_kept_by_content(case: Path, folder: Path, monkeypatch):
    storms = storms_of(document.load(case, SHORT), ["own"])
    task = Task(0, frozenset({"ROW1"}))
    first = Simulator(storms, folder / "kept").outcome(task)
    monkeypatch.setattr("scenarios.works_values.simulate", None)  # nothing is simulated again
    again = Simulator(storms, folder / "kept")
    assert again.outcome(task) == first
    with pytest.raises(TypeError):
        again.outcome(Task(0, frozenset({"ROW2"})))
    changed = storms_of(document.load(case, [*SHORT, "drainage.rain_multiplier=1.7"]), ["own"])
    with pytest.raises(TypeError):
        Simulator(changed, folder / "kept").outcome(task)


# --- the study -----------------------------------------------------------------------------


def test_a_study_finds_checks_and_confirms(study: Study):
    assert study.candidates == 4
    assert study.evaluations <= 16  # there are no more sets
    assert study.confirm == ("ten-works",)
    for plan in study.plans:
        assert plan.faults == ()
        assert plan.cost == pytest.approx(sum(COSTS[name] for name in plan.chosen))
        assert plan.cost <= plan.budget
        assert plan.bound >= plan.saved > 0.0
        assert plan.interval == "storms"
        assert plan.mean == pytest.approx(plan.saved)  # the same storm again
    assert study.plans[1].saved >= study.plans[0].saved
    assert study.everything_saved <= study.unbuilt


def test_a_study_survives_json(study: Study):
    assert Study.model_validate_json(study.model_dump_json()) == study


def test_intervals_come_from_paired_replications(few: Path, monkeypatch):
    """Without simulating: what stands is a known function of the works and the replication."""

    def outcome(_self, task: Task) -> Outcome:
        rain = 1.0 + 0.1 * (task.replication or 0)
        saved = sum(COSTS[name] for name in task.works) / 10.0
        return Outcome(rain * (10.0 - saved), 0.0)

    monkeypatch.setattr(Simulator, "outcome", outcome)
    asked = Request(
        budgets=(5.0,), storms=("own",), confirm=("20", "50"), replications=3, workers=1,
        evaluations=30,
    )  # fmt: skip
    (plan,) = study_works(document.load(few), asked).plans
    assert plan.saved == pytest.approx(0.4)  # both channels, 4.0 million
    savings = 0.4 * np.array([1.0, 1.1, 1.2])
    half = 4.302653 * savings.std(ddof=1) / np.sqrt(3.0)  # t(0.975, 2)
    assert plan.interval == "confidence"
    assert plan.mean == pytest.approx(savings.mean())
    assert (plan.low, plan.high) == pytest.approx((savings.mean() - half, savings.mean() + half))
    assert [c.storm for c in plan.confirmed] == ["T20", "T50"]


def test_cancelling_keeps_the_best_and_confirms_nothing(few: Path):
    done = []
    found = study_works(
        document.load(few, SHORT), QUICK, report=lambda *told: done.append(told),
        cancelled=lambda: len(done) >= 4,
    )  # fmt: skip
    assert {plan.stop_reason for plan in found.plans} == {"cancelled"}
    assert all(plan.interval == "none" for plan in found.plans)
    assert found.everything_confirmed is None
    for language in ("en", "zh"):
        t = texts(language)
        assert t("works.note_cancelled") in notes(found, t)


@pytest.mark.parametrize("language", ["en", "zh"])
def test_it_is_told_in_both_languages(study: Study, few: Path, language: str):
    t, plan = texts(language), study.plans[1]
    assert f"{plan.cost:.1f}" in summary_line(study, plan, t)
    tables = plans_table(study, t), ranked_table(study, plan, t), storms_table(study, plan, t)
    for table in tables:
        assert all(len(row) == len(table.heads) == len(table.numeric) for row in table.rows)
    assert {row[1] for row in tables[1].rows} == set(plan.chosen)
    assert len(notes(study, t)) == 3
    curve = budget_curve(study, t)
    assert list(curve.data[1].y) == [one.saved for one in study.plans]
    figure = works_map(network_of(document.load(few)), plan.chosen, t)
    assert set(figure.data[-1].text) == set(plan.chosen)


# --- the job and the command ---------------------------------------------------------------


def test_a_request_survives_json():
    request = Request(budgets=(1.0, 2.0), seconds=3.0)
    assert request_of(json.loads(json.dumps(request.__dict__))) == request


def test_a_job_is_named_by_what_decides_the_answer(case: Path):
    scenario = document.load(case)
    keys = {
        key_of(scenario, Request()), key_of(scenario, Request(workers=1)),
        key_of(scenario, Request(budgets=(1.0,))),
        key_of(document.load(case, ["drainage.rain_multiplier=2.0"]), Request()),
    }  # fmt: skip
    assert len(keys) == 3


def test_a_worker_that_vanished_is_a_failure(folder: Path):
    job = WorksJob(locate(), "k")
    assert job.standing().state == "new"
    place = locate().folder / "works" / "k"
    place.mkdir(parents=True)
    (place / "log.txt").write_text("out of memory", encoding="utf-8")
    owner = {"host": __import__("platform").node(), "pid": 2**22 + 7, "born": "never"}
    (place / "owner.json").write_text(json.dumps(owner), encoding="utf-8")
    standing = job.standing()
    assert standing.state == "failed"
    assert "out of memory" in standing.error


@pytest.mark.slow
def test_a_job_runs_in_a_process_of_its_own(few: Path):
    scenario = document.load(few, SHORT)
    job = WorksJob(locate(), key_of(scenario, QUICK))
    job.start(scenario, QUICK)
    until = time.monotonic() + 120.0
    while (standing := job.standing()).state == "running" and time.monotonic() < until:
        time.sleep(0.2)
    assert standing.state == "done", standing.error
    assert job.study().plans[0].faults == ()


@pytest.mark.slow
def test_worker_processes_find_the_same(few: Path, study: Study):
    again = study_works(document.load(few, SHORT), Request(**{**QUICK.__dict__, "workers": 2}))
    assert [p.chosen for p in again.plans] == [p.chosen for p in study.plans]
    assert [p.saved for p in again.plans] == [p.saved for p in study.plans]


def test_the_command_prints_plans_and_writes_them(few: Path, folder: Path):
    words = ["works", str(few), "--budget", "5", "--storms", "own", "--confirm", "own", "--workers",
             "1", "--replications", "1", "--evaluations", "20", "--out", "found.json"]  # fmt: skip
    for setting in SHORT:
        words += ["--set", setting]
    done = CliRunner().invoke(app, words, env={"COLUMNS": "200"})
    assert done.exit_code == 0, done.output
    found = Study.model_validate_json((folder / "found.json").read_text(encoding="utf-8"))
    assert summary_line(found, found.plans[0], texts("en")) in done.output.replace("\n", " ")
    for name in found.plans[0].chosen:
        assert name in done.output


@pytest.mark.parametrize(
    "words", [["--budget", "-1"], ["--ranked", "3"], ["--storms", "no-such"], ["--measure", "x"]]
)
def test_bad_words_are_refused_before_anything_runs(case: Path, words):
    done = CliRunner().invoke(app, ["works", str(case), *words])
    assert done.exit_code == 2


@pytest.mark.slow
def test_a_plan_is_run_in_swmm(few: Path):
    gap, rows = verify_plan(document.load(few), ["CHANNEL_A", "OUTLET"], "own", "depth")
    assert gap.native_saved > 0.0
    assert abs(gap.gap) < 0.1
    assert {row.name for row in rows} >= {"outfall_nse", "ponded_volume_max"}
