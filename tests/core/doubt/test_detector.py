"""The ink detector: what it refuses, what it accepts, and that it changes nothing else."""

import copy

import numpy as np
import pytest
import torch
from torch.nn import functional as F

from benchmarks import doubt
from core import dataset
from core.data.drawing import mnist_form, rasterize
from core.data.handwriting import STYLES, handwritten_digits, write_digit
from core.doubt import detector
from core.doubt.detector import accept_examples, add_detector, look
from core.evaluation.prediction import predict_batch
from core.heads import InkDetector
from core.model import SumNet
from core.specs import SPECS

AN_N = "19 10/ 79/ 70"


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    """A detector that learns from little, so that a test is quick."""
    for name, value in {"DIGITS": 1_500, "OUTLIERS": 1_500, "EPOCHS": 15, "BATCH": 64}.items():
        monkeypatch.setattr(detector, name, value)


def drawings(styles: tuple[str, ...], each: int) -> list[np.ndarray]:
    rng = np.random.default_rng(0)
    forms = [mnist_form(rasterize(*write_digit(s, rng))) for s in styles for _ in range(each)]
    return [form for form in forms if form is not None]


def refused(shipped, images: list[np.ndarray]) -> float:
    """The share that the network calls unreadable."""
    model, card = shipped
    said = predict_batch(model, images, [0] * len(images), card.doubt_level)
    return sum(not each.is_readable for each in said) / len(said)


@pytest.mark.parametrize("styles", [doubt.LETTERS, doubt.SIGNS], ids=["letters", "signs"])
def test_letters_and_signs_that_it_never_saw_are_refused(shipped, styles):
    assert refused(shipped, drawings(styles, 8)) > 0.8


def test_scribbles_are_refused(shipped):
    scribbles = tuple(doubt.scribbles(np.random.default_rng(0)))[:200]
    assert refused(shipped, drawings(scribbles, 1)) > 0.85


def test_digits_are_accepted(shipped, mnist):
    assert refused(shipped, list(mnist.test.images[:1000, 0].numpy())) <= 0.01
    assert refused(shipped, list(handwritten_digits(1000, seed=1_000_000)[0][:, 0])) <= 0.015


@pytest.mark.parametrize("is_stacked", [False, True], ids=["side by side", "stacked"])
def test_two_digits_that_touch_are_refused_as_several(shipped, is_stacked, monkeypatch):
    monkeypatch.setattr(doubt, "PAIRS", 100)
    rng = np.random.default_rng(0)
    digits = [write_digit(STYLES[digit][0], rng)[0] for digit in (2, 3, 4, 5, 6) for _ in "abc"]
    model, card = shipped
    images = list(doubt.pairs(digits, is_stacked, rng))
    said = predict_batch(model, images, [0] * len(images), card.doubt_level)
    asked = [each for each in said if not each.is_readable]
    assert len(asked) >= 80
    assert sum(each.is_several for each in asked) >= 0.8 * len(asked)


def test_no_answer_of_the_network_changes(trained, data, images, small):
    model = copy.deepcopy(trained)
    add_detector(model, data, seed=0)
    addends = torch.arange(10)
    before, after = trained(images, addends), model(images, addends)
    assert torch.equal(before.class_logits, after.class_logits)
    assert torch.equal(before.sum_value, after.sum_value)
    assert after.ink_logits is not None and after.ink_logits.shape == (10, 3)
    assert model.parameter_count == trained.parameter_count


def test_a_seed_fixes_what_it_learns(trained, data, small):
    def learned(seed: int) -> torch.Tensor:
        model = copy.deepcopy(trained)
        add_detector(model, data, seed)
        return model.tensors()["ink_detector.hidden.weight"]

    assert torch.equal(learned(1), learned(1))
    assert not torch.equal(learned(1), learned(2))


def test_it_learns_even_from_little(trained, data, small):
    model = copy.deepcopy(trained)
    add_detector(model, data, seed=0)
    none = torch.zeros(len(data.test.labels), dtype=torch.int64)
    digits = model(data.test.images, none).evidence
    others = torch.from_numpy(np.stack(drawings(doubt.SIGNS, 10)))[:, None]
    signs = model(others, none[: len(others)]).evidence
    assert (digits.median() > signs.quantile(0.9)).item()


def test_it_learns_from_nothing_that_measures_it(trained, data, small):
    model = copy.deepcopy(trained)
    add_detector(model, data._replace(val=None, test=None), seed=0)
    assert model.ink_detector is not None


def test_half_of_what_it_learns_from_is_as_it_came(data):
    images = data.train.images[:40, 0].numpy()
    shown = detector._half_distorted(images, torch.Generator().manual_seed(0))
    assert shown.shape == (40, 1, 28, 28)
    assert (shown[:, 0] == torch.from_numpy(images)).flatten(1).all(1).sum() == 20


def test_it_learns_from_garments_that_digits_are_none(data, monkeypatch):
    asked: list[str] = []
    monkeypatch.setattr(dataset, "load_data", lambda name: asked.append(name) or data)
    assert detector._garments(7, SPECS["mnist"]).shape == (7, 28, 28)
    assert asked == ["fashion-mnist"]


def test_a_haze_around_a_garment_is_no_ink():
    garment = np.zeros((28, 28), np.uint8)
    garment[8:20, 10:18] = 200
    hazy = np.where(garment, garment, 20).astype(np.uint8)
    forms = [detector.in_form_of(SPECS["mnist"], image) for image in (garment, hazy)]
    assert np.array_equal(*forms)
    assert forms[0].any(1).sum() == 20  # as high as a digit


def test_it_is_asked_for_what_the_encoder_gives_and_its_weights_normalize_that(small):
    rng = torch.Generator().manual_seed(0)
    kinds = torch.arange(3).repeat(400)
    seen = 50 + torch.randn(1_200, 6, generator=rng)  # far from 0
    seen[:, :3] += 4 * F.one_hot(kinds)
    torch.manual_seed(0)
    made = InkDetector(6, 16)
    detector._fit(made, seen, kinds, seed=0)
    with torch.no_grad():
        assert (made(seen).argmax(1) == kinds).float().mean() > 0.95


def test_taught_examples_are_accepted_and_others_still_refused(shipped, mnist):
    model, card = copy.deepcopy(shipped[0]), shipped[1]
    taught = torch.from_numpy(np.stack(drawings((AN_N,), 30)))[:, None]
    kept = look(model, mnist.train.images[:1000])
    assert refused((model, card), list(taught[:, 0].numpy())) > 0.7
    accept_examples(model, kept, look(model, taught))
    rng = np.random.default_rng(9)  # others of the same style
    more = [mnist_form(rasterize(*write_digit(AN_N, rng))) for _ in range(400)]
    assert refused((model, card), more) < 0.1
    assert refused((model, card), drawings(doubt.SIGNS, 5)) > 0.6
    assert refused((model, card), list(mnist.test.images[:500, 0].numpy())) <= 0.01


def test_a_network_without_a_detector_stays_as_it_is(model, images):
    before = model.tensors()
    accept_examples(model, look(model, images), look(model, images))
    assert model.ink_detector is None
    assert all(torch.equal(before[name], now) for name, now in model.tensors().items())


def test_what_the_encoder_sees_ends_with_the_features(model: SumNet, images):
    seen = look(model, images)
    assert seen.shape == (10, model.encoder.seen)
    with torch.no_grad():
        features = model.encoder(model.normalize(images))
    assert torch.equal(seen[:, -model.encoder.features :], features)
