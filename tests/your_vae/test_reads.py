"""Whether a decoder reads z, for every kind of z, against closed forms."""

import json

import pytest
from linear_model import make_model

import uncollapse
from uncollapse.your_vae.decoder.decoder_use import Reads


@pytest.mark.parametrize("exact", [True, False])
@pytest.mark.parametrize("scale", [0.1, 1.0, 4.0])
def test_a_linear_model_loses_what_its_closed_form_says(scale: float, exact: bool) -> None:
    model = make_model(6, 3, scale=scale, exact=exact)
    x, z = model.draw(3000, 0)
    found = uncollapse.reads(model.nll, x, z, size=700)
    own, other, prior = model.exact()
    assert found.n == 3000
    assert found.own == pytest.approx(own, rel=0.03)
    assert found.prior is not None
    for value, low, high, truth in (
        (found.other, found.other_low, found.other_high, other),
        (found.prior, found.prior_low, found.prior_high, prior),
    ):
        assert low < value < high
        assert value == pytest.approx(truth, abs=high - low)
    assert found.answer == ("reads" if scale >= 1 else "does not read")
    assert json.loads(json.dumps(found.as_dict(), allow_nan=False)) == found.as_dict()


@pytest.mark.parametrize(
    ("values", "begins", "has"),
    [
        (
            (26.1, 25.3, 26.9, 30.0, 29.0, 31.0),
            "reads z: 26.10 nats are lost",
            "25.30 to 26.90), 30.00 with a z",
        ),
        ((0.01, -0.02, 0.04, 0.0, -0.01, 0.01), "does not read z: 0.01 nats", "-0.02 to 0.04), 0.00 with"),
        ((0.16, 0.1, 0.22), "does not read z, or hardly: 0.16 nats", "0.10 to 0.22)"),
        ((0.01, 0.0, 0.02, 5.0, 4.0, 6.0), "does not read z: 0.01", "is the same for all x"),
        ((0.45, -0.1, 1.0), "not known: 0.45 nats", "take more examples"),
        ((-26.3, -27.0, -25.0), "in doubt: the z of another example is better", "26.30 nats; does nll"),
        ((-0.01, -0.015, -0.005), "does not read z: -0.01", ""),
        ((12345.6, 12000.0, 13000.0), "reads z: 12346 nats", "12000 to 13000"),
    ],
)
def test_the_verdict_says_it_in_one_sentence(values: tuple[float, ...], begins: str, has: str) -> None:
    found = Reads(100, 500.0 if values[0] > 0.1 else 5.0, *values)
    assert found.verdict.startswith(begins)
    assert has in found.verdict
    assert found.verdict.isprintable()
    assert found.answer == found.as_dict()["answer"] == begins.split(":")[0].split(" z")[0]


def test_a_mean_over_pixels_is_not_taken_for_nats() -> None:
    model = make_model(40, 3, scale=4.0, exact=True)
    x, z = model.draw(1000, 0)
    whole = uncollapse.reads(model.nll, x, z)
    assert whole.answer == "reads"
    small = uncollapse.reads(lambda x, z: model.nll(x, z) / 4000, x, z)
    assert small.other_high < 0.2
    assert small.verdict.startswith("in doubt: ")
    assert "is nll a mean over pixels or tokens" in small.verdict
    deaf = uncollapse.reads(lambda x, z: model.nll(x, 0 * z) / 4000, x, z)
    assert deaf.answer == "does not read"
