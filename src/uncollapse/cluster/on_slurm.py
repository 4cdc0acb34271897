"""The engine of Slurm: units as its jobs, through submitit.

SBATCH_PARTITION and SBATCH_ACCOUNT name the partition and the account.
"""

import shutil
import tempfile
import time
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, nullcontext
from typing import Any, final

from uncollapse.cluster.unit import Order, Outcome, make_order
from uncollapse.errors import UserError, need_extra
from uncollapse.experiment.schema import Resources
from uncollapse.pipeline.paths import WORK


@final
class Submitit:
    """An engine of submitit, whose jobs are the handles.

    Jobs are submitted inside the context that `around` makes.
    """

    def __init__(
        self,
        cluster: str,
        cores: int | None = None,
        around: Callable[[], AbstractContextManager[None]] = nullcontext,
    ) -> None:
        with need_extra("slurm"):
            import submitit
        self.cores, self.around = cores, around
        WORK.mkdir(exist_ok=True)
        # Each call has its own folder, since the numbers of jobs, and above all of processes, come again.
        folder = tempfile.mkdtemp(prefix="submitit-", dir=WORK)
        self.executor = submitit.AutoExecutor(folder, cluster=cluster)
        self.jobs: set[Any] = set()

    def submit(self, orders: Sequence[Order], asked: Resources) -> Sequence[Any]:
        """Submit the orders as one array of jobs."""
        self.executor.update_parameters(
            name="uncollapse",
            cpus_per_task=asked.cpus,
            gpus_per_node=asked.gpus,
            mem_gb=asked.memory,
            timeout_min=asked.minutes,
        )
        with self.around(), self.executor.batch():
            jobs = [self.executor.submit(make_order, order) for order in orders]
        self.jobs.update(jobs)
        return jobs

    def ended(self, handles: Sequence[Any]) -> Sequence[Any]:
        ended = [job for job in handles if job.done()]
        if not ended:
            time.sleep(1)
        return ended

    def outcome(self, handle: Any) -> Outcome:
        self.jobs.remove(handle)
        return handle.result()

    def close(self) -> None:
        for job in self.jobs:
            job.cancel(check=False)


def begin() -> Submitit:
    """Return an engine for Slurm. Raises UserError where there is none."""
    if not shutil.which("sbatch"):
        raise UserError("there is no sbatch here; run this where Slurm takes jobs, or say --on local")
    return Submitit("slurm")
