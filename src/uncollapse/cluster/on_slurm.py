"""Units as jobs of Slurm, through submitit. Partition and account: SBATCH_PARTITION, SBATCH_ACCOUNT."""

import shutil
import tempfile
import time
from collections.abc import Sequence
from typing import Any

from uncollapse.cluster.unit import Order, Outcome, make
from uncollapse.errors import UserError, needs
from uncollapse.experiment.schema import Resources
from uncollapse.pipeline.outputs import WORK


class Submitit:
    """The engine; a handle is a job of submitit's."""

    def __init__(self, cluster: str, cores: int | None = None) -> None:
        with needs("slurm"):
            import submitit
        self.cores = cores
        WORK.mkdir(exist_ok=True)
        # one for each call, since the numbers of jobs come again, those of processes above all
        folder = tempfile.mkdtemp(prefix="submitit-", dir=WORK)
        self.executor = submitit.AutoExecutor(folder, cluster=cluster)
        self.jobs: set[Any] = set()

    def submit(self, orders: Sequence[Order], asked: Resources) -> Sequence[Any]:
        """Make one array of jobs."""
        self.executor.update_parameters(
            name="uncollapse",
            cpus_per_task=asked.cpus,
            gpus_per_node=asked.gpus,
            mem_gb=asked.memory,
            timeout_min=asked.minutes,
        )
        with self.executor.batch():
            jobs = [self.executor.submit(make, order) for order in orders]
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
    """Raises UserError where there is no Slurm."""
    if not shutil.which("sbatch"):
        raise UserError("no sbatch here: run this where jobs of Slurm are submitted, or say --on local")
    return Submitit("slurm")
