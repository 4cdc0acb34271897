"""Units on Ray: on the cluster of RAY_ADDRESS, or one on this machine that ends with the command."""

import logging
import os
from collections.abc import Sequence
from typing import Any

from uncollapse.cluster.unit import Order, Outcome, make
from uncollapse.errors import UserError, needs
from uncollapse.experiment.schema import Resources

GIB = 2**30


class Ray:
    """The engine; a handle is a reference of Ray's."""

    cores = None

    def __init__(self) -> None:
        with needs("ray"):
            import ray
        self.ray = ray
        try:
            ray.init(
                address=os.environ.get("RAY_ADDRESS", "local"),
                include_dashboard=False,
                log_to_driver=False,
                logging_level=logging.ERROR,
            )
        except ConnectionError as error:
            raise UserError(f"RAY_ADDRESS={os.environ.get('RAY_ADDRESS')}: no Ray there: {error}") from None
        self.make = ray.remote(make)

    def submit(self, orders: Sequence[Order], asked: Resources) -> Sequence[Any]:
        """Give them to Ray, which lets them wait for resources. Raises UserError if no machine has them."""
        if not self.fits(asked):
            key = f"datasets.{orders[0].jobs[0].name.split('-')[0]}.resources"
            raise UserError(f"params.yaml: {key}: no machine of Ray has {asked!r}")
        make = self.make.options(
            num_cpus=asked.cpus, num_gpus=asked.gpus, memory=int(asked.memory * GIB), max_retries=0
        )
        return [make.remote(order) for order in orders]

    def fits(self, asked: Resources) -> bool:
        """Whether a machine of the cluster has these resources."""
        needed = {"CPU": asked.cpus, "GPU": asked.gpus, "memory": asked.memory * GIB}
        machines = [node["Resources"] for node in self.ray.nodes() if node["Alive"]]
        return any(all(node.get(kind, 0) >= needed[kind] for kind in needed) for node in machines)

    def ended(self, handles: Sequence[Any]) -> Sequence[Any]:
        return self.ray.wait(list(handles), num_returns=len(handles), timeout=1)[0]

    def outcome(self, handle: Any) -> Outcome:
        try:
            return self.ray.get(handle)
        except self.ray.exceptions.RayTaskError as error:  # its own text begins with Ray's stack
            raise error.cause from None

    def close(self) -> None:
        self.ray.shutdown()


begin = Ray
