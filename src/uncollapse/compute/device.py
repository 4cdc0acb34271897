"""The device that trains and measures, and how torch computes on it."""

import torch

from uncollapse.errors import UserError


def find_device(name: str) -> torch.device:
    """Return the device of a name in params.yaml; auto is cuda where there is one.

    Raises UserError if cuda is asked for and there is none.
    """
    cuda = name != "cpu" and torch.cuda.is_available()
    if name == "cuda" and not cuda:
        raise UserError(
            "params.yaml: device: cuda, but torch finds none here; auto takes it where there is one"
        )
    return torch.device("cuda" if cuda else "cpu")


def name_device(device: torch.device) -> str:
    """Return cpu, or the model of a GPU."""
    return torch.cuda.get_device_name(device) if device.type == "cuda" else device.type


def set_up_process() -> None:
    """Make this process compute with one thread and without denormal numbers, as the whole pipeline does.

    More threads would change the order of sums, and get in each other's way. Adam's moments decay to denormal
    numbers for weights without a gradient, and then Adam takes nine times as long.
    """
    torch.set_num_threads(1)
    torch.set_flush_denormal(True)
