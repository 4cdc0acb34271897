"""The entries of params.yaml that are not pieces, as pydantic models."""

import re
from typing import Annotated, Any, Literal

from pydantic import (
    AfterValidator,
    Field,
    NonNegativeFloat,
    NonNegativeInt,
    PositiveFloat,
    PositiveInt,
)

from uncollapse.check_entries import Entry, make_error
from uncollapse.errors import shorten


def check_unique(values: list[Any]) -> list[Any]:
    """Refuse a list in which something stands twice."""
    if len(set(values)) < len(values):
        raise make_error(f"{shorten(values)} names something twice; name it once")
    return values


def check_name(name: str) -> str:
    """Refuse a name that is a path, an option, more than a word to a shell, or has the - between names."""
    if not re.fullmatch("[A-Za-z0-9_][A-Za-z0-9_.+]{0,63}", name):
        rule = "letters, digits, _, . and +, at most 64, and begin with neither . nor +"
        raise make_error(f"a name should consist of {rule}; rename {shorten(name)}")
    return name


Name = Annotated[str, AfterValidator(check_name)]  # It names files and folders, and stands in commands.
Seed = Annotated[int, Field(ge=0, lt=2**32)]
Names = Annotated[list[Name], Field(min_length=1), AfterValidator(check_unique)]
Seeds = Annotated[list[Seed], Field(min_length=1), AfterValidator(check_unique)]
PieceEntry = dict[str, Any]  # {use: name, **arguments}; the signature of the piece checks it.
Spread = Annotated[int, Field(ge=2)]  # This many examples have a variance.


class Grid(Entry):
    """What `dvc repro` runs: every data set x model x method, once per seed; `tuning_seeds` are of `tune`."""

    datasets: Names
    models: Names
    methods: Names
    seeds: Seeds
    tuning_seeds: Seeds = Field(default=[])


class Split(Entry):
    """How many examples each part gets, at random; `train` gets the rest unless stated.

    With a `seed` all seeds of the grid share one split; otherwise each draws its own, and intervals cover the
    data too. Of an official split valid and test are taken; all else is from its training part, once.
    """

    reserve: Spread
    valid: Spread
    test: Spread
    train: Spread | None = None
    seed: NonNegativeInt | None = None


class Resources(Entry, frozen=True):
    """What a cell of a data set gets on a cluster, for `uncollapse grid --on`.

    cpus       as many seeds are trained side by side
    memory     GiB
    minutes    after which Slurm ends it; it is tried twice more, on the same machine from its last checkpoint
    """

    cpus: PositiveInt = 2
    gpus: NonNegativeInt = 0
    memory: PositiveFloat = 4.0
    minutes: PositiveInt = 1440


SHARED = ("kl_target",)  # A data set states these arguments once for all pieces that take them.


class Dataset(Entry):
    """Where data come from, how they are split, which net and likelihood they get, and how these are trained.

    `kl_target` (nats) is where a controller holds the KL; `arguments` by piece are what entries leave open.
    """

    source: PieceEntry
    split: Split
    net: PieceEntry
    likelihood: PieceEntry
    training: dict[str, Any]  # checked against `training.Training`
    kl_target: PositiveFloat | None = None
    arguments: dict[str, dict[str, Any]] | None = None
    resources: Resources = Resources()

    def offer(self, piece: str) -> dict[str, Any]:
        """Return the arguments that an entry with this piece may leave open."""
        shared = {name: getattr(self, name) for name in SHARED if getattr(self, name) is not None}
        return {**shared, **(self.arguments or {}).get(piece, {})}

    def locate(self, piece: str, argument: str) -> str:
        """Return the key at which a data set states an argument of a piece."""
        return argument if argument in SHARED else f"arguments.{piece}.{argument}"


class Evaluation(Entry):
    """How a trained VAE is measured.

    tolerance      importance samples for the nll are doubled until it falls by less than this (nats)
    most           how many of them an example may get
    eps, delta     where the column `collapsed` is read off the collapse curve
    mi_samples     samples an example for the mutual information
    mi_batch       the size of a batch in `mi_in_batches`
    tsne_points    how many examples at most the t-SNE maps show
    train_points   how many training examples at most the collapse curve and the probe take
    """

    tolerance: NonNegativeFloat = 0.1
    most: PositiveInt = 128
    eps: PositiveFloat = 0.01
    delta: Annotated[float, Field(ge=0, lt=1)] = 0.01
    mi_samples: PositiveInt = 8
    mi_batch: PositiveInt = 32
    tsne_points: Annotated[int, Field(ge=4)] = 1000
    train_points: Annotated[int, Field(ge=2)] = 10_000


class ParamsEntry(Entry):
    """The whole of params.yaml. `device` is what trains and measures; auto is cuda where there is one."""

    grid: Grid
    datasets: dict[str, Dataset]
    models: dict[str, dict[str, Any]]
    methods: dict[str, dict[str, Any]]
    evaluation: Evaluation
    device: Literal["auto", "cpu", "cuda"] = "auto"
