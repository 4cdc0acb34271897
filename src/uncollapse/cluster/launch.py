"""Run tasks on an engine: in order, with two more tries for one that fails, under one progress bar."""

import time
from collections import Counter
from collections.abc import Callable, Hashable, Iterable, Sequence
from statistics import median

from tqdm import tqdm

from uncollapse.cluster.engine import Engine
from uncollapse.cluster.tasks import Task
from uncollapse.cluster.unit import Order, Outcome
from uncollapse.pipeline.watching.times import format_duration

TRIES = 3
LONGEST_REFUSAL = 60  # Seconds, in which a machine joins the cluster, or its scheduler starts again.
BAR_FORMAT = "{desc}: {percentage:3.0f}%|{bar}| {elapsed}, {remaining} left{postfix}"


def launch(
    tasks: Sequence[Task], engine: Engine, order: Callable[[Task], Order], took: Callable[[Outcome], None]
) -> dict[str, Outcome]:
    """Run all tasks, and return the outcomes of those that failed three times, by name.

    `took` is called with the outcome of every attempt. A task that needs a failed one is not begun, and fails
    too; so does a task that the engine still refuses a minute after all others have ended. The bar weighs
    tasks by their seconds, as far as these are known.
    """
    usual = median([task.seconds for task in tasks if task.seconds] or [1])
    waiting, tries = list(tasks), Counter[str]()
    running: dict[Hashable, Task] = {}
    done, failed, busy = set[str](), dict[str, Outcome](), time.monotonic()
    total = sum(task.seconds or usual for task in tasks)
    with tqdm(total=total, desc="grid", bar_format=BAR_FORMAT, disable=None, dynamic_ncols=True) as bar:
        while waiting or running:
            for task in [task for task in waiting if task.needs & failed.keys()]:
                waiting.remove(task)
                (need, *_) = task.needs & failed.keys()
                failed[task.name] = failed[need]._replace(line=f"{need}: {failed[need].line}")
            begun, refusal = submit_tasks(
                engine, find_ready(waiting, running.values(), done, engine.cores), order
            )
            running |= begun
            waiting = [task for task in waiting if task not in begun.values()]
            if running or not refusal:
                busy = time.monotonic()
            elif time.monotonic() - busy < LONGEST_REFUSAL:
                time.sleep(1)
            else:
                failed |= {task.name: Outcome([], failed=task.jobs[-1], line=refusal) for task in waiting}
                waiting = []
            bar.set_postfix(running=len(running), failed=len(failed))
            for handle in engine.ended(list(running)) if running else ():
                task = running.pop(handle)
                tries[task.name] += 1
                outcome = read_outcome(engine, handle, task)
                took(outcome)
                if not outcome.failed:
                    done.add(task.name)
                    bar.write(f"{task.name}: {describe_outcome(outcome)}")
                elif tries[task.name] < TRIES:
                    waiting.append(task)
                    bar.write(f"{task.name}: attempt {tries[task.name]} failed: {outcome.line}")
                    continue
                else:
                    failed[task.name] = outcome
                    bar.write(f"{task.name}: failed {TRIES} times: {outcome.line}")
                bar.update(task.seconds or usual)
    return failed


def submit_tasks(
    engine: Engine, tasks: Sequence[Task], order: Callable[[Task], Order]
) -> tuple[dict[Hashable, Task], str]:
    """Submit tasks; return those that the engine takes, by its handles, and why it refuses others."""
    taken, refusal = dict[Hashable, Task](), ""
    for resources in dict.fromkeys(task.resources for task in tasks):
        same = [task for task in tasks if task.resources == resources]
        try:
            handles = engine.submit([order(task) for task in same], resources)
        except Exception as error:  # Every engine has its own exceptions.
            refusal = shorten_error(error)
        else:
            taken |= zip(handles, same, strict=True)
    return taken, refusal


def find_ready(
    waiting: Sequence[Task], running: Iterable[Task], done: set[str], cores: int | None
) -> list[Task]:
    """Return the tasks that may begin now; where cores are counted, as many as there are cores for."""
    begun: list[Task] = []
    for task in waiting:
        used = sum(other.resources.cpus for other in [*running, *begun])
        room = cores is None or not used or used + task.resources.cpus <= cores
        if task.needs <= done and room:
            begun.append(task)
    return begun


def read_outcome(engine: Engine, handle: Hashable, task: Task) -> Outcome:
    """Return the outcome of a task, even if its worker died; its line does not begin with its name."""
    try:
        outcome = engine.outcome(handle)
        return outcome._replace(line=outcome.line.removeprefix(f"{task.name}, "))
    except Exception as error:
        return Outcome([], failed=task.jobs[-1], line=f"its worker died: {shorten_error(error)}")


def shorten_error(error: Exception) -> str:
    """Return the first two lines of an engine's error as one; the first alone often says nothing."""
    lines = str(error).strip().splitlines() or [type(error).__name__]
    return " ".join(line.strip() for line in lines[:2])


def describe_outcome(outcome: Outcome) -> str:
    """Say how long a task took."""
    seconds = sum(float(row["seconds"]) for row in outcome.seconds)
    return f"made in {format_duration(seconds)}" if outcome.seconds else "was there already"
