"""The entries of params.yaml: the signatures by which they are checked."""

from typing import Annotated, Any, Literal

from pydantic import Field, PositiveFloat, PositiveInt

Name = Annotated[str, Field(pattern=r"^[A-Za-z0-9_.+]+$")]
Seed = Annotated[int, Field(ge=0, lt=2**32)]
Names = Annotated[list[Name], Field(min_length=1)]


def grid(
    *, datasets: Names, models: Names, methods: Names, seeds: Annotated[list[Seed], Field(min_length=1)]
) -> None:
    """What `dvc repro` runs: every data set x model x method, once per seed. Names hold letters, digits, `_`, `.` and `+`."""


def dataset(
    *, source: dict[str, Any], split: dict[str, Any], net: dict[str, Any], likelihood: dict[str, Any],
    training: dict[str, Any], kl_target: PositiveFloat | None = None, arguments: dict[str, dict[str, Any]] | None = None,
) -> None:  # fmt: skip
    """An entry of `datasets`: where the data come from, how they are split, the net, the likelihood, the budget, the KL
    (nats) at which a controller should hold them, and arguments of pieces, by piece, where models and methods leave them open."""


def evaluation(
    *, samples: PositiveInt = 64, eps: PositiveFloat = 0.01, delta: Annotated[float, Field(ge=0, lt=1)] = 0.01,
    mi_samples: PositiveInt = 8, mi_batch: PositiveInt = 32, tsne_points: Annotated[int, Field(ge=4)] = 1000,
    train_points: Annotated[int, Field(ge=2)] = 10_000,
) -> None:  # fmt: skip
    """Importance samples for the nll; the (eps, delta) at which the column `collapsed` is read off the collapse curve; samples an example
    for the mutual information, and the size of the batch in `mi_in_batches`; how many examples at most the t-SNE maps show,
    and how many of the training data the collapse curve and the probe take."""


def params(*, grid: dict[str, Any], datasets: dict[str, Any], models: dict[str, Any], methods: dict[str, Any], evaluation: dict[str, Any], device: Literal["auto", "cpu", "cuda"] = "auto") -> None:  # fmt: skip
    """The whole of params.yaml. `device` is what trains and measures; auto: cuda where there is one."""
