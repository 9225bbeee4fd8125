"""What is said about one picture and one number, and how well the shipped network reads."""

import itertools
import json
from copy import deepcopy
from dataclasses import asdict, replace

import numpy as np
import pytest
import torch
from PIL import Image

from core.data.image_files import read_image
from core.dataset import Split
from core.evaluation.metrics import evaluate
from core.evaluation.prediction import Prediction, is_upside_down, predict, predict_batch
from core.model import ModelConfig, SumNet


@pytest.fixture
def five(data) -> np.ndarray:
    return data.test.images[5, 0].numpy()


def test_a_five_and_a_seven_make_twelve(trained, five):
    prediction = predict(trained, five, 7)
    assert (prediction.label, prediction.addend, prediction.total) == (5, 7, 12)
    assert prediction.sum_value == pytest.approx(12, abs=0.5)
    assert prediction.agree


@pytest.mark.parametrize("addend", range(10))
def test_the_sum_follows_the_number(trained, five, addend):
    assert predict(trained, five, addend).total == 5 + addend


def test_it_is_the_answer_of_the_network(trained, five):
    output = trained(torch.from_numpy(five).view(1, 1, 28, 28), torch.tensor([7]))
    prediction = predict(trained, five, 7)
    logits = output.class_logits[0].detach().double().numpy()
    odds = np.exp(logits - logits.max())
    assert prediction.class_probs == pytest.approx(odds / odds.sum(), abs=1e-5)
    assert prediction.label == int(logits.argmax())
    assert prediction.sum_value == pytest.approx(output.sum_value.item())
    assert prediction.total == output.totals.item()


def test_a_classified_sum_has_probabilities_of_its_own(five):
    torch.manual_seed(0)
    model = SumNet(ModelConfig(width=4, sum_head="classification")).eval()
    prediction = predict(model, five, 7)
    assert prediction.sum_probs is not None
    assert len(prediction.sum_probs) == 19
    assert sum(prediction.sum_probs) == pytest.approx(1)
    assert sum(prediction.class_probs) == pytest.approx(1)
    assert prediction.total == int(np.argmax(prediction.sum_probs))


@pytest.mark.parametrize("kind", [1, 2])
def test_each_picture_of_a_batch_has_its_own_number_and_answers(images, kind):
    torch.manual_seed(0)
    model = SumNet(ModelConfig(width=4, sum_head="classification")).eval()
    model.add_ink_detector().kind.bias.data = 99.0 * torch.eye(3)[kind]  # sure of one kind
    addends = [7, 0, 9]
    with torch.inference_mode():
        output = model(images[:3], torch.tensor(addends))
    answers = predict_batch(model, [*images[:3, 0].numpy()], addends)
    assert [each.addend for each in answers] == addends
    assert [each.label for each in answers] == output.labels.tolist()
    assert [each.total for each in answers] == output.totals.tolist()
    assert [each.energy for each in answers] == pytest.approx(output.energy.tolist())
    assert [each.is_several for each in answers] == [kind == 1] * 3


def test_doubt_is_about_the_evidence_for_any_class(trained, five):
    output = trained(torch.from_numpy(five).view(1, 1, 28, 28), torch.tensor([7]))
    energy = float(np.log(np.exp(output.class_logits[0].detach().double().numpy()).sum()))
    assert predict(trained, five, 7).is_readable
    assert predict(trained, five, 7, ood_threshold=energy - 0.01).is_readable
    assert not predict(trained, five, 7, ood_threshold=energy + 0.01).is_readable


def test_a_regressed_sum_has_no_probabilities(trained, five):
    assert predict(trained, five, 7).sum_probs is None


@pytest.mark.parametrize(
    ("label", "total", "agree"), [(5, 12, True), (5, 11, False), (4, 12, False)]
)
def test_the_heads_agree_when_they_give_the_same_sum(five, label, total, agree):
    assert Prediction(five, 7, label, (), float(total), total, None).agree is agree


def test_neither_answer_is_made_from_the_other(trained, five):
    model = deepcopy(trained)
    torch.nn.init.zeros_(model.sum_head[-1].weight)
    torch.nn.init.constant_(model.sum_head[-1].bias, 2.75)
    prediction = predict(model, five, 7)
    assert (prediction.label, prediction.sum_value, prediction.total) == (5, 2.75, 3)
    assert not prediction.agree


def test_answers_are_plain_numbers(trained, five):
    answers = replace(predict(trained, five, 7), image=five.tolist())
    assert json.loads(json.dumps(asdict(answers)))["total"] == 12


def test_the_picture_is_neither_edited_nor_copied_into_the_network(trained, five):
    frozen = five.copy()
    frozen.flags.writeable = False  # as Pillow gives them
    prediction = predict(trained, frozen, 7)
    assert prediction.image is frozen
    assert np.array_equal(frozen, five)


def test_the_network_is_not_changed_by_its_answers(trained, five):
    before = {name: value.clone() for name, value in trained.state_dict().items()}
    predict(trained, five, 7)
    assert not trained.training
    assert all(torch.equal(value, before[name]) for name, value in trained.state_dict().items())


def test_pasted_images_are_read_as_well_as_the_images_themselves(shipped, mnist, tmp_path):
    """Small and large, anywhere on a black canvas of 280 x 280, saved and read as files."""
    model, _ = shipped
    count = 400
    filters = itertools.cycle(Image.Resampling)
    images, labels = mnist.test.images[:count], mnist.test.labels[:count]
    rng = np.random.default_rng(0)
    pasted = []
    for image in images[:, 0].numpy():
        side = int(rng.integers(28, 281))
        large = Image.fromarray(image).resize((side, side), next(filters))
        canvas = Image.new("L", (280, 280))
        canvas.paste(large, tuple(int(start) for start in rng.integers(0, 281 - side, 2)))
        canvas.save(tmp_path / "pasted.png", compress_level=1)
        read = read_image(tmp_path / "pasted.png")
        assert read is not None
        pasted.append(torch.from_numpy(read))
    plain, again = (
        evaluate(model, Split(pictures, labels)).class_acc
        for pictures in (images, torch.stack(pasted).unsqueeze(1))
    )
    assert plain > 0.98
    assert again >= plain - 0.005


@pytest.mark.parametrize(
    ("energy", "readable", "said"),
    [(5.1, True, True), (5.0, True, False), (2.0, True, False), (5.1, False, False)],
)
def test_a_picture_is_upside_down_where_it_is_read_far_surer_turned(energy, readable, said):
    """By more than a quarter."""
    upright = Prediction(np.zeros((28, 28), np.uint8), 0, 9, (0.1,) * 10, 9.0, 9, None, energy=4.0)
    turned = replace(upright, label=6, energy=energy, is_readable=readable)
    assert is_upside_down(upright, turned) is said


@pytest.mark.parametrize(("energy", "said"), [(0.1, True), (-0.1, False), (-2.2, False)])
def test_what_looks_like_nothing_is_not_upside_down_for_looking_like_less(energy, said):
    upright = Prediction(np.zeros((28, 28), np.uint8), 0, 9, (0.1,) * 10, 9.0, 9, None, energy=-2.0)
    assert is_upside_down(upright, replace(upright, energy=energy)) is said
