"""Updates of a group of parameters along a clipped gradient.

The rules are Adam (Kingma & Ba 2015, arXiv 1412.6980, algorithm 1) and SGD, with or without momentum.

torch's fused kernels do the arithmetic, one call for all layers. torch.optim would do more on the
host than the kernel for a small net, and its constructors import torch._dynamo: two seconds in every
worker.
"""

from collections.abc import Sequence
from typing import Any, Literal

import torch
from torch import Tensor, nn

from uncollapse.compute.private_torch import norms_of, update_by_adam, update_by_sgd

Rule = Literal["adam", "sgd"]


def find_clip_scale(gradients: tuple[Tensor, ...], clip: float) -> Tensor:
    """Return the divisor that brings the norm of `gradients`, taken together, to at most `clip`."""
    norm = torch.linalg.vector_norm(torch.stack(norms_of(gradients)))
    # The kernels ask for single precision, whatever the weights have.
    return ((norm + 1e-6) / clip).clamp(min=1.0).float()


class Optimizer:
    """Adam or SGD for a group of parameters; a group that is not updated costs nothing."""

    def __init__(
        self, parameters: Sequence[nn.Parameter], rule: Rule, learning_rate: float, momentum: float = 0.0
    ) -> None:
        self.weights = [parameter.detach() for parameter in parameters]  # They share memory.
        self.count = torch.zeros((), dtype=torch.float32, device=self.weights[0].device)
        self.momentum = momentum  # It is used by SGD.
        moments = 2 if rule == "adam" else int(momentum > 0)
        self.moments = [[torch.zeros_like(weight) for weight in self.weights] for _ in range(moments)]
        self.update, self.learning_rate = {"adam": self.adam, "sgd": self.sgd}[rule], learning_rate

    def step(self, gradients: Sequence[Tensor], scale: Tensor | None = None) -> None:
        """Update the parameters along `gradients / scale`; the gradients may be overwritten."""
        self.count += 1
        # The kernels go through memory as it lies, and a convolution's gradient may lie in another order.
        self.update([gradient.contiguous() for gradient in gradients], scale)

    def adam(self, gradients: list[Tensor], scale: Tensor | None) -> None:
        """Apply theta -= learning_rate m / (sqrt(v) + 1e-8), with corrected bias of the moments m and v."""
        means, squares = self.moments
        update_by_adam(
            self.weights,
            gradients,
            means,
            squares,
            [],
            [self.count] * len(self.weights),
            lr=self.learning_rate,
            beta1=0.9,
            beta2=0.999,
            eps=1e-8,
            weight_decay=0.0,
            amsgrad=False,
            maximize=False,
            grad_scale=scale,
        )

    def sgd(self, gradients: list[Tensor], scale: Tensor | None) -> None:
        """Apply v = momentum v + g; theta -= learning_rate v, as torch.optim does."""
        update_by_sgd(
            self.weights,
            gradients,
            *self.moments or [[]],
            lr=self.learning_rate,
            momentum=self.momentum,
            dampening=0.0,
            weight_decay=0.0,
            nesterov=False,
            maximize=False,
            is_first_step=False,
            grad_scale=scale,
        )

    def state_dict(self) -> dict[str, Any]:
        """Return references to all that changes."""
        return {"count": self.count, "moments": self.moments, "learning_rate": self.learning_rate}

    def load_state_dict(self, saved: dict[str, Any]) -> None:
        """Go back to a saved state."""
        self.count.copy_(saved["count"])
        self.learning_rate = saved["learning_rate"]
        for own, others in zip(self.moments, saved["moments"], strict=True):
            for moment, other in zip(own, others, strict=True):
                moment.copy_(other)
