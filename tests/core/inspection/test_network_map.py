"""The map of what a network knows: against features and axes that are computed here."""

import numpy as np
import pytest
import torch

from core.dataset import Split
from core.evaluation.diagnostics import fixed_addends
from core.evaluation.prediction import AnswerError
from core.inspection import network_map
from core.inspection.network_map import encode_images, map_network
from core.model import FUSIONS, ModelConfig, SumNet
from core.specs import OwnData, own_spec


def features(model: SumNet, split: Split) -> np.ndarray:
    """The oracle: what the class head gets, kept by a hook."""
    kept: list[torch.Tensor] = []
    hook = model.class_head.register_forward_pre_hook(lambda _, inputs: kept.append(inputs[0]))
    with torch.inference_mode():
        model(split.images, fixed_addends(len(split.labels)))
    hook.remove()
    return kept[0].numpy()


@pytest.mark.parametrize("fusion", FUSIONS)
def test_features_are_what_the_class_head_gets(data, exact, fusion):
    model = SumNet(ModelConfig(width=4, fusion=fusion)).eval()
    found = encode_images(model, data.test.images, fixed_addends(100))
    assert found.values == pytest.approx(features(model, data.test), abs=1e-4)


def test_the_plane_is_the_one_from_which_the_cloud_is_widest(trained, data, exact):
    """The oracle: the two largest eigenvalues of the covariance."""
    found = map_network(trained, data.test)
    values = features(trained, data.test)
    spread = np.linalg.eigvalsh(np.cov(values.T))[::-1]
    assert found.points.var(axis=0, ddof=1) == pytest.approx(spread[:2], rel=1e-3)
    assert found.variance == pytest.approx(spread[:2] / spread.sum(), rel=1e-3)
    assert found.place(values) == pytest.approx(found.points, abs=1e-3)


def test_a_picture_of_the_map_lands_on_its_own_point(trained, data, exact):
    found = map_network(trained, data.test)
    alone = encode_images(trained, data.test.images[42:43], fixed_addends(100)[42:43])
    assert found.place(alone.values)[0] == pytest.approx(found.points[42], abs=1e-3)


def test_a_class_that_is_read_lies_together(trained, data):
    found = map_network(trained, data.test)
    centers = found.centers()
    assert sorted(centers) == list(range(10))
    own = np.linalg.norm(found.points - [centers[label] for label in found.labels], axis=1)
    whole = np.linalg.norm(found.points - found.points.mean(0), axis=1)
    assert own.mean() < whole.mean() / 2


def test_mistakes_are_the_images_whose_class_is_wrong(model, data):
    found = map_network(model, data.test)
    with torch.inference_mode():
        answered = model(data.test.images, fixed_addends(100)).labels
    wrong = (answered != data.test.labels).nonzero().flatten().tolist()
    assert found.mistakes.tolist() == wrong and len(wrong) > 50


def test_a_class_that_there_is_not_is_never_answered(data):
    own = own_spec(OwnData("Two", ("a", "b"), "ink", 0.1, 0.3, "0" * 32))
    model = SumNet(ModelConfig(own.name, width=4)).eval()
    model.class_head[1].bias.data[7] = 99.0
    assert encode_images(model, data.test.images, fixed_addends(100)).answered.max() <= 1


def test_a_map_shows_so_many_images_and_no_more(trained, data, monkeypatch):
    monkeypatch.setattr(network_map, "MAP_IMAGES", 40)
    found = map_network(trained, data.test)
    assert len(found.points) == len(found.answered) == 40
    assert found.labels.tolist() == data.test.labels[:40].tolist()


def test_a_class_that_no_image_has_has_no_center(trained, data):
    some = Split(data.test.images[data.test.labels < 3], data.test.labels[data.test.labels < 3])
    assert sorted(map_network(trained, some).centers()) == [0, 1, 2]


def test_a_network_that_makes_the_same_of_everything_has_a_flat_map(model, data):
    with torch.no_grad():
        for parameter in model.encoder.parameters():
            parameter.zero_()
    found = map_network(model, data.test)
    assert not found.points.any() and found.variance == (0, 0)


def test_a_feature_that_is_no_number_is_an_error(model, data):
    with torch.no_grad():
        model.encoder[0].weight.fill_(torch.nan)
    with pytest.raises(AnswerError):
        map_network(model, data.test)


def test_an_answer_that_is_no_number_is_an_error(model, data):
    with torch.no_grad():
        model.class_head[1].weight.fill_(torch.nan)
    with pytest.raises(AnswerError):
        map_network(model, data.test)
