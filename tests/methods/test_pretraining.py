"""Pretraining: the encoder learns, nothing else changes, and its steps are counted."""

import inspect
import io

import pytest
import torch
from toys import copied, method, piece, same, toy_part, toy_vae, training

from uncollapse.compute.work import Work
from uncollapse.errors import UserError
from uncollapse.methods.pretraining.autoencoder import autoencoder
from uncollapse.methods.pretraining.classifier import classifier
from uncollapse.methods.pretraining.held_back import held_back
from uncollapse.registry import find_function, list_names
from uncollapse.training.loop import learn, train

SMALL = {"epochs": 3, "batch_size": 16}


@pytest.mark.parametrize("name", [name for name in list_names("methods/pretraining") if name != "none"])
def test_what_was_interrupted_goes_on_to_the_same_bits(kind: str, name: str) -> None:
    known = inspect.signature(find_function("methods/pretraining", name)).parameters
    pretrain = piece("pretraining", name, **{key: value for key, value in SMALL.items() if key in known}).run
    vae, part, rows, saved = toy_vae(kind), toy_part(kind), [], []
    for row, state in pretrain(vae, part, 0, None, learn):
        rows.append(row)
        saved.append(io.BytesIO())
        torch.save(state, saved[-1])
    assert len(rows) == (3 if "epochs" in known else 1)
    for epoch, file in enumerate(saved, 1):
        file.seek(0)
        other = toy_vae(kind)
        rest = [row for row, _ in pretrain(other, part, 0, torch.load(file, weights_only=True), learn)]
        assert rest == rows[epoch:]
        assert same(copied(other), copied(vae))


def test_the_classifier_teaches_the_encoder_and_nothing_else(kind: str) -> None:
    vae, again = toy_vae(kind), toy_vae(kind)
    before = copied(vae)
    pretrain = classifier(epochs=12, batch_size=16, learning_rate=0.01).run
    assert pretrain is not None
    rows = [row for row, _ in pretrain(vae, toy_part(kind), 0, None, learn)]
    assert rows[-1]["accuracy"] > 0.95
    assert rows[-1]["encoder_steps"] == 12 * 4
    assert [row for row, _ in pretrain(again, toy_part(kind), 0, None, learn)] == rows
    assert same(copied(again), copied(vae))
    changed = {name for name, value in vae.state_dict().items() if not torch.equal(value, before[name])}
    assert changed == {name for name in before if name.startswith("encoder.")}


def test_what_is_held_back_teaches_nothing(kind: str) -> None:
    vae = toy_vae(kind)
    before = copied(vae)
    pretrain = held_back().run
    assert pretrain is not None
    [(row, _)] = pretrain(vae, toy_part(kind), 0, None, learn)
    assert row == {"epoch": 0, **Work().row()}
    assert same(copied(vae), before)


def test_the_classifier_needs_labels() -> None:
    pretrain = classifier().run
    assert pretrain is not None
    with pytest.raises(UserError, match="no labels"):
        next(pretrain(toy_vae("images"), type(toy_part("images"))(toy_part("images").x), 0, None, learn))


def test_encoder_weights_are_taken_over_from_another_vae(kind: str) -> None:
    source, target = toy_vae(kind, seed=1), toy_vae(kind, seed=2, decoder="skip")
    decoder = {name: value for name, value in copied(target).items() if name.startswith("decoder.")}
    target.load_encoder(source.encoder_state())
    assert same(target.encoder_state(), source.encoder_state())
    assert all(torch.equal(target.state_dict()[name], value) for name, value in decoder.items())


def test_steps_of_pretraining_are_counted(kind: str) -> None:
    parts = toy_part(kind), toy_part(kind, seed=1)
    rows = train(toy_vae(kind), *parts, method(), training(epochs=1), 0, work=Work(7, 5, 3.0))
    [(row, _)] = rows
    assert (row["encoder_steps"], row["decoder_steps"]) == (11, 9)
    assert 3 < row["gflops"] < 3.1


def test_an_autoencoder_teaches_the_encoder_and_its_head_to_tell_examples_apart(kind: str) -> None:
    vae = toy_vae(kind)
    before = copied(vae)
    pretrain = autoencoder(epochs=30, batch_size=16, learning_rate=0.02).run
    assert pretrain is not None
    rows = [row for row, _ in pretrain(vae, toy_part(kind), 0, None, learn)]
    assert rows[-1]["reconstruction"] < rows[0]["reconstruction"] - 0.5
    assert rows[-1]["encoder_steps"] == rows[-1]["decoder_steps"] == 30 * 4
    assert all(row["beta"] == 0 for row in rows)
    changed = {name for name, value in vae.state_dict().items() if not torch.equal(value, before[name])}
    assert changed == {name for name in before if name.startswith(("encoder.", "posterior."))}
