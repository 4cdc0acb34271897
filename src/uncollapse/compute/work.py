"""The work of training: gradient steps and floating point operations.

Counted are the operations of matrix products, convolutions and LSTMs, as torch counts them. The counts are
the same on every machine, however fast it is.
"""

from collections.abc import Hashable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from torch import Tensor
from torch.utils.flop_counter import flop_registry

from uncollapse.compute.private_torch import (
    LSTM_ON_CPU,
    LSTM_ON_CPU_BACKWARD,
    LSTM_ON_GPU,
    LSTM_ON_GPU_BACKWARD,
    TorchDispatchMode,
)


def count_lstm_on_cpu(x: Tensor, weights: Tensor, recurrent: Tensor, *others: Any, **options: Any) -> int:
    """Count the operations of one layer of an LSTM on a CPU, for x (T, B, features)."""
    return 2 * x.shape[0] * x.shape[1] * (weights.numel() + recurrent.numel())


def count_lstm_on_gpu(x: Tensor, weights: list[Tensor], *others: Any, **options: Any) -> int:
    """Count the operations of an LSTM on a GPU, where all weights come in a list."""
    return 2 * x.shape[0] * x.shape[1] * sum(weight.numel() for weight in weights if weight.ndim == 2)


# The formulas of torch, and ours for the LSTM, which torch does not count. Backwards is twice forwards.
FORMULAS: dict[Any, Any] = {
    **flop_registry,
    LSTM_ON_CPU: count_lstm_on_cpu,
    LSTM_ON_CPU_BACKWARD: lambda *call, **options: 2 * count_lstm_on_cpu(*call),
    LSTM_ON_GPU: count_lstm_on_gpu,
    LSTM_ON_GPU_BACKWARD: lambda *call, **options: 2 * count_lstm_on_gpu(*call),
}


class Counter(TorchDispatchMode):
    """A counter of the floating point operations of all that is computed inside of it.

    torch's own FlopCounterMode imports torch._dynamo, which takes two seconds.
    """

    flops = 0

    @classmethod
    def _should_skip_dynamo(cls) -> bool:
        return False  # There is none to skip.

    def __torch_dispatch__(
        self, func: Any, types: Any, args: tuple[Any, ...] = (), kwargs: Mapping[str, Any] | None = None
    ) -> Any:
        result = func(*args, **(kwargs or {}))
        if func.overloadpacket in FORMULAS:
            self.flops += FORMULAS[func.overloadpacket](*args, **(kwargs or {}), out_val=result)
        return result


class Work:
    """The work that training has taken so far: `encoder_steps`, `decoder_steps` and `gflops`."""

    def __init__(self, encoder_steps: int = 0, decoder_steps: int = 0, gflops: float = 0.0) -> None:
        self.encoder_steps, self.decoder_steps, self.gflops = encoder_steps, decoder_steps, gflops
        self.flops_of: dict[Hashable, int] = {}

    @contextmanager
    def counted(self, *kind: Hashable) -> Iterator[None]:
        """Add the operations that are computed inside.

        They are counted once for each kind: two steps of a kind take the same work.
        """
        if kind in self.flops_of:
            yield
        else:
            with Counter() as counter:
                yield
            self.flops_of[kind] = counter.flops
        self.gflops += self.flops_of[kind] / 1e9

    @classmethod
    def of(cls, row: Mapping[str, str]) -> "Work":
        """Read the work from a row of a history."""
        return cls(int(row["encoder_steps"]), int(row["decoder_steps"]), float(row["gflops"]))

    def row(self) -> dict[str, float]:
        """Return the columns of a history."""
        return {name: getattr(self, name) for name in ("encoder_steps", "decoder_steps", "gflops")}
