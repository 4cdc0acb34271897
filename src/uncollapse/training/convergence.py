"""The rules by which training converges, halves its learning rate, and counts a KL as settled.

With `patience` the best weights are kept, and training ends when the validation ELBO has not risen for that
many epochs; not before `min_epochs`, and not before a schedule of the KL weight is over. Without `patience`
training runs for all `epochs`, and is not said to have converged.
"""

from uncollapse.training.hyperparameters import Training

SETTLED = 0.05  # A KL has settled where it is this share of its target away from it, or less.


def has_converged(
    training: Training, *, epoch: int, best_epoch: int, batches: int, scheduled_batches: int
) -> bool:
    """Tell whether the validation ELBO has not risen for `patience` epochs, and the schedule is over."""
    over = epoch >= training.min_epochs and batches >= scheduled_batches
    return training.patience is not None and over and epoch - best_epoch >= training.patience


def should_halve(training: Training, *, epoch: int, best_epoch: int, last_halving: int) -> bool:
    """Tell whether the ELBO has not risen for `halving` epochs, nor the learning rate been halved in them."""
    return training.halving is not None and epoch - max(best_epoch, last_halving) >= training.halving


def is_settled(kl: float, target: float) -> bool:
    """Tell whether a KL (nats) is within SETTLED of its target; a target of 0 stands for none."""
    return target > 0 and abs(kl - target) <= SETTLED * target
