"""What lies on disk for a cell, and for the split of a data set that a seed has."""

from dataclasses import dataclass
from pathlib import Path

from uncollapse.data.files import CARD, locate_split
from uncollapse.experiment.cells import Cell
from uncollapse.pipeline.job import Job
from uncollapse.pipeline.paths import (
    COLLAPSE,
    DEVICE,
    DIVERGED,
    ENCODER,
    EXAMPLES,
    HISTORY,
    MAPS,
    MEASURES,
    TSNE,
    TSNE_MAP,
    WEIGHTS,
    name_for_seed,
)
from uncollapse.tables import read_table


@dataclass(frozen=True)
class CellFiles:
    """The files that the stages make of a cell. A seed whose training diverged has no weights."""

    cell: Cell

    @property
    def trained(self) -> Path:
        """The folder that training writes."""
        return Job.of("train", self.cell).folder

    @property
    def measured(self) -> Path:
        """The folder that measuring writes."""
        return Job.of("evaluate", self.cell).folder

    @property
    def history(self) -> Path:
        """The rows (seed, epoch) of training."""
        return self.trained / HISTORY

    @property
    def measures(self) -> Path:
        """The rows (seed) of measures."""
        return self.measured / MEASURES

    @property
    def collapse(self) -> Path:
        """The rows (seed, dimension) of the collapse curve."""
        return self.measured / COLLAPSE

    @property
    def points(self) -> Path:
        """The rows (test example) of the t-SNE map, of the first seed."""
        return self.measured / TSNE

    @property
    def map_picture(self) -> Path:
        """The picture of the t-SNE map."""
        return MAPS / f"{self.cell}-{TSNE_MAP}"

    def weights(self, seed: int) -> Path:
        """Return the file of a seed's trained weights."""
        return self.trained / name_for_seed(WEIGHTS, seed)

    def examples(self, seed: int) -> Path:
        """Return the file of the measures of each test example."""
        return self.measured / name_for_seed(EXAMPLES, seed)

    def list_devices(self) -> list[Path]:
        """Return the files of all seeds that name the device on which a seed was measured."""
        return sorted(self.measured.glob(name_for_seed(DEVICE, "*")))

    def card(self, seed: int) -> Path:
        """Return the file that describes the data that a seed learns from."""
        return card_file(self.cell.dataset, seed)

    def encoder(self, seed: int) -> Path:
        """Return the file of a seed's pretrained encoder; a method without pretraining has none."""
        return Job.of("pretrain", self.cell).folder / name_for_seed(ENCODER, seed)

    def training_inputs(self, seed: int) -> list[Path]:
        """Return the files that a seed learns from: its encoder, and the card with digests of the data."""
        encoder = self.encoder(seed)
        return [self.card(seed), *([encoder] if encoder.exists() else [])]

    def measuring_inputs(self, seed: int) -> list[Path]:
        """Return the files that a seed is measured from."""
        return [self.card(seed), self.weights(seed)]

    def read_diverged(self) -> dict[int, int]:
        """Return the seeds whose training diverged, each with the epoch in which it did."""
        file = self.trained / DIVERGED
        rows = read_table(file) if file.exists() else []
        return {int(row["seed"]): int(row["epoch"]) for row in rows}


def split_folder(dataset: str, seed: int) -> Path:
    """Return the folder of a seed's split of a prepared data set; all seeds share an official split."""
    return locate_split(Job("prepare", dataset).folder, seed)


def card_file(dataset: str, seed: int) -> Path:
    """Return the card of a seed's split, which describes the prepared data."""
    return split_folder(dataset, seed) / CARD
