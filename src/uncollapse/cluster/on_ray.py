"""The engine of Ray: on the cluster of RAY_ADDRESS, or on one of this machine that ends with the command."""

import logging
import os
from collections.abc import Sequence
from typing import Any

from uncollapse.cluster.unit import Order, Outcome, make_order
from uncollapse.errors import UserError, need_extra
from uncollapse.experiment.schema import Resources

GIB = 2**30


class Ray:
    """An engine of Ray, whose object references are the handles."""

    cores = None

    def __init__(self) -> None:
        with need_extra("ray"):
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
            raise UserError(
                f"RAY_ADDRESS={os.environ.get('RAY_ADDRESS')}: there is no Ray at this address: {error}"
            ) from None
        self.make = ray.remote(make_order)

    def submit(self, orders: Sequence[Order], asked: Resources) -> Sequence[Any]:
        """Give orders to Ray, which lets them wait for resources.

        Raises UserError if no machine has so many.
        """
        if not self.fits(asked):
            key = f"datasets.{orders[0].jobs[0].name.split('-')[0]}.resources"
            raise UserError(f"params.yaml: {key}: no machine of the Ray cluster has {asked!r}")
        remote = self.make.options(
            num_cpus=asked.cpus, num_gpus=asked.gpus, memory=int(asked.memory * GIB), max_retries=0
        )
        return [remote.remote(order) for order in orders]

    def fits(self, asked: Resources) -> bool:
        """Tell whether a machine of the cluster has these resources."""
        needed = {"CPU": asked.cpus, "GPU": asked.gpus, "memory": asked.memory * GIB}
        machines = [node["Resources"] for node in self.ray.nodes() if node["Alive"]]
        return any(all(node.get(kind, 0) >= needed[kind] for kind in needed) for node in machines)

    def ended(self, handles: Sequence[Any]) -> Sequence[Any]:
        return self.ray.wait(list(handles), num_returns=len(handles), timeout=1)[0]

    def outcome(self, handle: Any) -> Outcome:
        try:
            return self.ray.get(handle)
        except self.ray.exceptions.RayTaskError as error:  # The text of this error begins with Ray's stack.
            raise error.cause from None

    def close(self) -> None:
        self.ray.shutdown()


begin = Ray
