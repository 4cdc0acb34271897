"""Run tasks on an engine: in order, with two more tries for one that fails, under one progress bar."""

from collections import Counter
from collections.abc import Callable, Hashable, Iterable, Sequence
from statistics import median

from tqdm import tqdm

from uncollapse.cluster.engine import Engine
from uncollapse.cluster.tasks import Task
from uncollapse.cluster.unit import Order, Outcome
from uncollapse.pipeline.times import duration

TRIES = 3
SHOWN = "{desc}: {percentage:3.0f}%|{bar}| {elapsed}, {remaining} left{postfix}"


def launch(
    tasks: Sequence[Task], engine: Engine, order: Callable[[Task], Order], took: Callable[[Outcome], None]
) -> dict[str, Outcome]:
    """Run all tasks; returns the outcomes of those that failed three times, by name.

    `took` is called with the outcome of every attempt. A task that needs one that failed is not begun.
    The bar weighs tasks by their seconds, as far as these are known.
    """
    usual = median([task.seconds for task in tasks if task.seconds] or [1])
    waiting, tries = list(tasks), Counter[str]()
    running: dict[Hashable, Task] = {}
    done, failed = set[str](), dict[str, Outcome]()
    total = sum(task.seconds or usual for task in tasks)
    with tqdm(total=total, desc="grid", bar_format=SHOWN, disable=None, dynamic_ncols=True) as bar:
        while waiting or running:
            for task in [task for task in waiting if task.needs & failed.keys()]:
                waiting.remove(task)
                (need, *_) = task.needs & failed.keys()
                failed[task.name] = failed[need]._replace(line=f"{need}: {failed[need].line}")
            begun = ready(waiting, running.values(), done, engine.cores)
            waiting = [task for task in waiting if task not in begun]
            handles = engine.submit([(order(task), task.resources) for task in begun]) if begun else []
            running.update(zip(handles, begun, strict=True))
            bar.set_postfix(running=len(running), failed=len(failed))
            for handle in engine.ended(list(running)) if running else ():
                task = running.pop(handle)
                tries[task.name] += 1
                outcome = outcome_of(engine, handle, task)
                took(outcome)
                if not outcome.failed:
                    done.add(task.name)
                    bar.write(f"{task.name}: {made(outcome)}")
                elif tries[task.name] < TRIES:
                    waiting.append(task)
                    bar.write(f"{task.name}: attempt {tries[task.name]} failed: {outcome.line}")
                    continue
                else:
                    failed[task.name] = outcome
                    bar.write(f"{task.name}: failed {TRIES} times: {outcome.line}")
                bar.update(task.seconds or usual)
    return failed


def ready(waiting: Sequence[Task], running: Iterable[Task], done: set[str], cores: int | None) -> list[Task]:
    """Those tasks that may begin now; where cores are counted, so many as there are cores for."""
    begun: list[Task] = []
    for task in waiting:
        used = sum(other.resources.cpus for other in [*running, *begun])
        room = cores is None or not used or used + task.resources.cpus <= cores
        if task.needs <= done and room:
            begun.append(task)
    return begun


def outcome_of(engine: Engine, handle: Hashable, task: Task) -> Outcome:
    """What became of a task, also of one whose worker died."""
    try:
        return engine.outcome(handle)
    except Exception as error:  # every engine has its own kinds
        lines = str(error).strip().splitlines() or [type(error).__name__]
        return Outcome([], failed=task.jobs[-1], line=f"its worker died: {lines[0]}")


def made(outcome: Outcome) -> str:
    """How long a task took, for a person."""
    seconds = sum(float(row["seconds"]) for row in outcome.seconds)
    return f"made in {duration(seconds)}" if outcome.seconds else "was made before"
