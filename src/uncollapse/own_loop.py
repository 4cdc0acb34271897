"""KL weights for a training loop of one's own."""

from typing import Any

from torch import Tensor, nn

from uncollapse.errors import UserError
from uncollapse.experiment.pieces import resolve
from uncollapse.methods.kl_weight import KLWeight
from uncollapse.registry import build

SLOT = "methods/kl_weight"


class WeightedKL(nn.Module):
    """Weighs the KL of each batch by a schedule or controller, see `uncollapse.methods.kl_weight`.

    Its state is in buffers, so `state_dict` and `to` work; `beta` is the last weight. In `eval()` mode a call
    leaves the state as it is.
    """

    def __init__(self, rule: KLWeight, *, per_dimension: bool = False) -> None:
        super().__init__()
        self.rule, self.per_dimension = rule, per_dimension
        self.beta: Tensor | None = None
        for name, value in rule.init().items():
            self.register_buffer(name, value.clone())  # two may begin as one tensor

    def forward(self, kl: Tensor, reconstruction: Tensor | None = None) -> Tensor:
        """beta times the KL, in nats: the mean over a batch, of which `kl` is KL_i (B, D) or the sum over i
        (B,) or their mean (). Free bits need all KL_i. Raises ValueError, which names the argument.

        `reconstruction` is -log p(x|z) (B,) in nats, for rules that read it.
        """
        if not isinstance(kl, Tensor) or not kl.is_floating_point() or not kl.numel():
            raise ValueError("kl: should be a tensor of real numbers, (B, D), (B,) or ()")
        if self.per_dimension and kl.ndim < 2:
            raise ValueError(f"kl: should be KL_i of each dimension, (B, D), not {tuple(kl.shape)}")
        rows = kl.reshape(len(kl), -1) if kl.ndim else kl.reshape(1, 1)
        other = rows.new_zeros(len(rows)) if reconstruction is None else reconstruction.detach()
        beta, state = self.rule.update(dict(self.named_buffers()), rows.detach(), other)
        if self.training:
            for name, value in state.items():
                setattr(self, name, value)
        self.beta = beta
        return (beta * rows).sum(1).mean()


def kl_weight(use: str, **arguments: Any) -> WeightedKL:
    """The piece `use` of the slot `kl_weight` with its arguments, such as kl_weight("pi", kl_target=18.0):

    loss = reconstruction + weight(kl), with both in nats, summed over values and latents.

    Raises ValueError with one line for a name or an argument that does not exist.
    """
    try:
        rule = build(SLOT, resolve("kl_weight", SLOT, {"use": use, **arguments}))
    except UserError as error:
        raise ValueError(str(error)) from None
    return WeightedKL(rule, per_dimension=use == "free_bits")
