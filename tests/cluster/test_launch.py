"""Launching tasks on an engine that is made here: order, room, tries, and what fails."""

from collections.abc import Hashable, Sequence

import pytest

from uncollapse.cluster.launch import launch
from uncollapse.cluster.tasks import Task
from uncollapse.cluster.unit import Order, Outcome
from uncollapse.experiment.schema import Resources
from uncollapse.pipeline.job import Job

ROW = {"stage": "train", "name": "a-b-c", "seeds": "1", "seconds": "90"}


class Made:
    """An engine that ends orders one by one.

    `fails` says how often each does, `dies` whose worker dies, `refuses` how often it takes no orders for
    more cores than one.
    """

    def __init__(
        self, cores: int | None = None, fails: dict[str, int] | None = None, dies: str = "", refuses: int = 0
    ) -> None:
        self.cores, self.fails, self.dies, self.refuses = cores, dict(fails or {}), dies, refuses
        self.begun: list[list[str]] = []
        self.most = 0
        self.at_work: list[str] = []

    def submit(self, orders: Sequence[Order], asked: Resources) -> Sequence[Hashable]:
        if asked.cpus > 1 and self.refuses:
            self.refuses -= 1
            raise OSError("sbatch: no controller\nis down")
        names = [order.jobs[-1].name for order in orders]
        self.begun.append(names)
        self.at_work += names
        self.most = max(self.most, len(self.at_work))
        return [(name, len(self.begun)) for name in names]

    def ended(self, handles: Sequence[Hashable]) -> Sequence[Hashable]:
        return list(handles)[:1]

    def outcome(self, handle: Hashable) -> Outcome:
        assert isinstance(handle, tuple)
        name, job = handle[0], Job("train", handle[0])
        self.at_work.remove(name)
        if self.dies == name:
            self.dies = ""
            raise RuntimeError("killed\nby a signal")
        if self.fails.get(name, 0):
            self.fails[name] -= 1
            return Outcome([], failed=job, line=f"{name}, {name} cannot")
        return Outcome([ROW])

    def close(self) -> None:
        raise AssertionError


def task(name: str, *needs: str, seconds: float | None = None, cpus: int = 1) -> Task:
    return Task(name, [Job("train", name)], frozenset(needs), seconds, Resources(cpus=cpus))


def run(tasks: list[Task], engine: Made) -> tuple[dict[str, str], list[Outcome]]:
    """The lines of those that failed, and all outcomes."""
    outcomes: list[Outcome] = []
    failed = launch(tasks, engine, lambda task: Order(task.jobs, "", "", 1, {}), outcomes.append)
    return {name: outcome.line for name, outcome in failed.items()}, outcomes


def test_tasks_begin_in_order_and_wait_for_what_they_need() -> None:
    engine = Made()
    failed, outcomes = run([task("cell", "data"), task("other"), task("data"), task("alone")], engine)
    assert engine.begun == [["other", "data", "alone"], ["cell"]]
    assert (failed, outcomes) == ({}, [Outcome([ROW])] * 4)


def test_where_cores_are_counted_no_more_begin_than_there_are_and_a_large_one_alone() -> None:
    engine = Made(cores=2)
    assert run([task(name) for name in "abcde"], engine)[0] == {}
    assert engine.most == 2
    engine = Made(cores=2)
    assert run([task("large", cpus=8), task("a"), task("b"), task("large too", cpus=8)], engine)[0] == {}
    assert engine.begun == [["large"], ["a", "b"], ["large too"]]


@pytest.mark.parametrize("times", [1, 2, 3])
def test_a_task_is_tried_twice_more_and_those_that_need_it_are_not_begun(times: int) -> None:
    engine = Made(fails={"data": times})
    failed, outcomes = run([task("data"), task("cell", "data"), task("other")], engine)
    assert sum(names.count("data") for names in engine.begun) == min(times + 1, 3)
    if times < 3:
        assert failed == {}
    else:
        assert failed == {"data": "data cannot", "cell": "data: data cannot"}
        assert ["cell"] not in engine.begun
    assert [outcome.line for outcome in outcomes if outcome.failed] == ["data cannot"] * times


def test_a_worker_that_died_is_one_attempt(capsys: pytest.CaptureFixture[str]) -> None:
    engine = Made(dies="a")
    assert run([task("a"), task("b")], engine)[0] == {}
    assert engine.begun == [["a", "b"], ["a"]]
    printed = capsys.readouterr().out.splitlines()
    assert "a: attempt 1 failed: its worker died: killed by a signal" in printed
    assert "b: made in 2 min" in printed


def test_an_engine_that_refuses_for_a_while_is_asked_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("uncollapse.cluster.launch.LONGEST_REFUSAL", 0)  # that others are at work is enough
    engine = Made(refuses=2)
    assert run([task("large", cpus=2), task("a"), task("b"), task("c")], engine)[0] == {}
    assert engine.begun == [["a", "b", "c"], ["large"]]


def test_what_an_engine_refuses_fails_when_the_others_have_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("uncollapse.cluster.launch.LONGEST_REFUSAL", 0)
    engine = Made(refuses=100)
    failed, outcomes = run([task("large", cpus=2), task("cell", "large"), task("a")], engine)
    assert failed == dict.fromkeys(["large", "cell"], "sbatch: no controller is down")
    assert (engine.begun, len(outcomes)) == ([["a"]], 1)


def test_an_engine_that_refuses_all_is_given_time(monkeypatch: pytest.MonkeyPatch) -> None:
    slept: list[float] = []
    monkeypatch.setattr("time.sleep", slept.append)
    assert run([task("large", cpus=2)], Made(refuses=3))[0] == {}
    assert len(slept) == 3
