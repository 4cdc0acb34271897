"""Each private name of torch that is used does what it is used for: a failure here says which one changed."""

import ast
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from uncollapse.compute import private_torch
from uncollapse.registry import PACKAGE

PRIVATE = re.compile(r"\btorch(?:\.\w+)*\._\w+")


def weights_and_gradients() -> tuple[list[nn.Parameter], list[Tensor]]:
    """Two layers, and a gradient for each."""
    generator = torch.Generator().manual_seed(0)
    shapes = [(3, 4), (5,)]
    parameters = [nn.Parameter(torch.randn(shape, generator=generator)) for shape in shapes]
    return parameters, [torch.randn(shape, generator=generator) for shape in shapes]


def updated_by_torch(optimizer: type[torch.optim.Optimizer], **options: float) -> list[Tensor]:
    """Return the weights after a step of torch's own optimiser along half of the gradients."""
    parameters, gradients = weights_and_gradients()
    for parameter, gradient in zip(parameters, gradients, strict=True):
        parameter.grad = gradient / 2
    optimizer(parameters, lr=0.1, **options).step()
    return [parameter.detach() for parameter in parameters]


def test_fused_adam_is_adam() -> None:
    parameters, gradients = weights_and_gradients()
    weights = [parameter.detach() for parameter in parameters]
    moments = [[torch.zeros_like(weight) for weight in weights] for _ in range(2)]
    options = {"beta1": 0.9, "beta2": 0.999, "eps": 1e-8, "weight_decay": 0.0}
    switches = {"amsgrad": False, "maximize": False, "grad_scale": torch.tensor(2.0)}
    steps = [torch.ones(())] * 2
    private_torch.update_by_adam(weights, gradients, *moments, [], steps, lr=0.1, **options, **switches)
    torch.testing.assert_close(weights, updated_by_torch(torch.optim.Adam))


def test_fused_sgd_is_sgd() -> None:
    parameters, gradients = weights_and_gradients()
    weights = [parameter.detach() for parameter in parameters]
    options = {"momentum": 0.0, "dampening": 0.0, "weight_decay": 0.0, "grad_scale": torch.tensor(2.0)}
    switches = {"nesterov": False, "maximize": False, "is_first_step": False}
    private_torch.update_by_sgd(weights, gradients, [], lr=0.1, **options, **switches)
    torch.testing.assert_close(weights, updated_by_torch(torch.optim.SGD))


def test_the_norms_of_a_list_are_the_norms_of_its_tensors() -> None:
    _, gradients = weights_and_gradients()
    for norm, gradient in zip(private_torch.norms_of(gradients), gradients, strict=True):
        assert float(norm) == pytest.approx(float(gradient.norm()))


def test_mkldnn_can_be_switched_off_and_on() -> None:
    before = private_torch.is_mkldnn_enabled()
    try:
        for value in (False, True):
            private_torch.set_mkldnn_enabled(value)
            assert private_torch.is_mkldnn_enabled() == value
    finally:
        private_torch.set_mkldnn_enabled(before)


class Operations(private_torch.TorchDispatchMode):
    """The operations that are computed inside."""

    def __init__(self) -> None:
        super().__init__()
        self.seen: list[Any] = []

    def __torch_dispatch__(
        self, func: Any, types: Any, args: tuple[Any, ...] = (), kwargs: Mapping[str, Any] | None = None
    ) -> Any:
        self.seen.append(func.overloadpacket)
        return func(*args, **(kwargs or {}))


def test_a_dispatch_mode_sees_every_operation() -> None:
    with Operations() as operations:
        torch.ones(2) @ torch.ones(2)
    assert operations.seen == [torch.ops.aten.ones, torch.ops.aten.ones, torch.ops.aten.dot]


DEVICES = {
    "cpu": (private_torch.LSTM_ON_CPU, private_torch.LSTM_ON_CPU_BACKWARD),
    "cuda": (private_torch.LSTM_ON_GPU, private_torch.LSTM_ON_GPU_BACKWARD),
}


@pytest.mark.parametrize("device", DEVICES)
def test_an_lstm_is_one_operation_with_its_name(device: str) -> None:
    if not (torch.cuda if device == "cuda" else torch.backends.mkldnn).is_available():
        pytest.skip(f"{device} is not there")
    with Operations() as operations:
        nn.LSTM(3, 4).to(device)(torch.ones(5, 2, 3, device=device))[0].sum().backward()
    assert set(DEVICES[device]) <= set(operations.seen)


def test_no_other_file_uses_a_private_name_of_torch() -> None:
    for file in PACKAGE.rglob("*.py"):
        if file != Path(private_torch.__file__):
            code = ast.unparse(ast.parse(file.read_text()))
            comments_apart = re.sub(r'"""(.|\n)*?"""', "", code)
            assert not PRIVATE.search(comments_apart), file
