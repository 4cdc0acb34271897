"""Draw docs/hero.png, the picture at the top of the README: `python studies/hero.py` (three minutes).

Two VAEs learn mnist5k with the same network, initial weights, batches and noise, by the ELBO alone. With
torch's own initial weights the decoder has so many layers that z does not reach the pixels, and all
dimensions collapse. The second VAE differs in its skip connections, which feed z to each of these layers.
"""

from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch
from PIL import Image, ImageDraw, ImageFont

from uncollapse.data.part import Part
from uncollapse.data.sources.mnist5k import mnist5k
from uncollapse.methods import Method
from uncollapse.registry import make_piece
from uncollapse.samples.generate import reconstruct_and_sample
from uncollapse.seeds import numpy_generator
from uncollapse.training.hyperparameters import Training
from uncollapse.training.loop import train
from uncollapse.vae import VAE, initialise_weights

PICTURE = Path(__file__).parent.parent / "docs" / "hero.png"
NET = {"use": "mlp", "latents": 32, "hidden": 128, "encoder_layers": 2, "decoder_layers": 24, "init": "torch"}
TRAINING = Training(epochs=60, batch_size=64, learning_rate=0.0005, halving=3, patience=7)
VALID, TEST = 500, 500  # The other examples are for training.
SEED = 0
ROWS = {
    "plain": ("A collapsed VAE", f"decoder of {NET['decoder_layers']} layers"),
    "skip": ("The same network", "with skip connections"),
}
SIZE, GAP, MARGIN = 72, 6, 190  # In pixels: a digit, a gap, and the labels.
BLACK, GREY = "#1a1a1a", "#767676"


class Digits(NamedTuple):
    """The parts of mnist5k, and one test digit of each class."""

    train: Part
    valid: Part
    shown: np.ndarray


def read_digits() -> Digits:
    """Return mnist5k in a random order, cut into parts."""
    examples = list(mnist5k()().examples)
    order = numpy_generator(SEED, "hero").permutation(len(examples))
    x = np.stack([examples[i].x for i in order])
    labels = [examples[i].label for i in order[-TEST:]]
    shown = [labels.index(str(digit)) for digit in range(10)]
    return Digits(Part(x[: -VALID - TEST]), Part(x[-VALID - TEST : -TEST]), x[-TEST:][shown])


def train_vae(decoder: str, digits: Digits) -> VAE:
    """Return a trained VAE whose `decoder` is a piece of that slot."""
    method = Method.build({"decoder": {"use": decoder}})
    net = make_piece("nets", NET)
    shape = digits.shown.shape[1:]
    encoder, decode = net.build(shape, 0, method.decoder)
    posterior = method.posterior(encoder.features, net.latents)
    vae = VAE(encoder, posterior, decode, make_piece("likelihoods", {"use": "bernoulli"}), net.latents)
    initialise_weights(vae, SEED)
    for row, _ in train(vae, digits.train, digits.valid, method, TRAINING, SEED):
        print(
            f"{decoder}: epoch {row['epoch']}, elbo {row['valid_elbo']:.1f}, KL {row['kl']:.2f}", flush=True
        )
    return vae


def draw_rows(rows: list[tuple[str, str, np.ndarray]]) -> Image.Image:
    """Return rows of digits (N, H, W) in [0, 1], each behind its two lines of label."""
    step = SIZE + GAP
    sheet = Image.new("RGB", (MARGIN + step * len(rows[0][2]) + GAP, step * len(rows) + GAP), "white")
    draw = ImageDraw.Draw(sheet)
    for i, (title, subtitle, pictures) in enumerate(rows):
        top = GAP + i * step
        draw.text((GAP, top + 18), title, BLACK, ImageFont.load_default(18))
        draw.text((GAP, top + 42), subtitle, GREY, ImageFont.load_default(14))
        for j, picture in enumerate(pictures):
            digit = Image.fromarray((255 * (1 - picture)).round().astype(np.uint8))
            sheet.paste(digit.resize((SIZE, SIZE), Image.Resampling.BICUBIC), (MARGIN + j * step, top))
    return sheet.quantize(64)


def main() -> None:
    """Train both VAEs and write the picture."""
    torch.set_num_threads(1)
    digits = read_digits()
    rows = [("Test digits", "what goes in", digits.shown / 255)]
    for decoder, labels in ROWS.items():
        _, reconstructions, _ = reconstruct_and_sample(train_vae(decoder, digits), digits.shown, SEED)
        rows.append((*labels, reconstructions.numpy()))
    draw_rows(rows).save(PICTURE, optimize=True)


if __name__ == "__main__":
    main()
