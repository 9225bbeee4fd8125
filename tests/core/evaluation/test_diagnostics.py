"""What is said about a network on the Compare page, against scikit-learn and plain loops."""

import threading

import numpy as np
import pytest
import torch
from sklearn.calibration import calibration_curve

from core.dataset import Split
from core.engines import precision
from core.evaluation import diagnostics as diagnostics_module
from core.evaluation.diagnostics import (
    WORST_COUNT,
    Analysis,
    Answers,
    Reading,
    analyze,
    cell_centers,
    fixed_addends,
    reliability,
    sum_table,
)
from core.heads import Output
from core.model import ModelConfig, SumNet


def read(model: SumNet, split: Split) -> Analysis:
    reading = Reading(model, split)
    while reading.advance() < 1:
        pass
    assert reading.analysis is not None
    return reading.analysis


@pytest.fixture
def guesses() -> tuple[np.ndarray, np.ndarray]:
    """5,000 confidences in (0.1, 1] and whether they were right, as overconfident networks are."""
    rng = np.random.default_rng(0)
    confidence = 1 - 0.9 * rng.random(5_000) ** 3
    return confidence, rng.random(5_000) < confidence**2


# --- reliability


def test_the_bins_are_those_of_scikit_learn(guesses):
    confidence, right = guesses
    found = reliability(confidence, right)
    shares, means = calibration_curve(right, confidence, n_bins=10, strategy="uniform")
    assert found.right == pytest.approx(shares)
    assert found.confidence == pytest.approx(means)
    assert sum(found.count) == 5_000


def test_the_calibration_error_is_that_of_a_plain_loop(guesses):
    confidence, right = guesses
    error = 0.0
    for low in range(10):
        inside = [i for i, c in enumerate(confidence) if low / 10 < c <= (low + 1) / 10]
        if inside:
            gap = np.mean([right[i] for i in inside]) - np.mean([confidence[i] for i in inside])
            error += len(inside) / len(confidence) * abs(gap)
    assert reliability(confidence, right).error == pytest.approx(error)
    assert error > 0.05


def test_the_means_are_over_all_images_not_over_bins(guesses):
    confidence, right = guesses
    found = reliability(confidence, right)
    assert found.mean_confidence == pytest.approx(confidence.mean())
    assert found.mean_right == pytest.approx(right.mean())


@pytest.mark.parametrize(("right", "error"), [(True, 0.0), (False, 1.0)])
def test_a_network_that_is_always_certain_has_one_bin(right, error):
    found = reliability(np.ones(7), np.full(7, right))
    assert (found.confidence, found.right, found.count) == ((1.0,), (float(right),), (7,))
    assert found.error == error


# --- sums


@pytest.mark.parametrize(
    ("value", "center"),
    [(0.0, 0.0), (18.0, 18.0), (11.96, 12.0), (12.09, 12.0), (12.11, 12.2), (-0.95, -1.0)],
)
def test_a_value_is_counted_in_the_cell_around_it(value, center):
    table = sum_table(np.array([12]), np.array([value]))
    row, total = np.argwhere(table)[0]
    assert total == 12
    assert cell_centers()[row] == pytest.approx(center)


@pytest.mark.parametrize("value", [-7.0, 40.0, np.inf, -np.inf, np.nan])
def test_a_value_beyond_the_edge_is_counted_at_the_edge(value):
    table = sum_table(np.array([3]), np.array([value]))
    assert table.sum() == 1
    assert table[0, 3] + table[-1, 3] == 1


def test_the_table_counts_like_a_histogram():
    rng = np.random.default_rng(0)
    sums, values = rng.integers(0, 19, 1_000), rng.uniform(-1, 19, 1_000)
    edges = np.append(cell_centers() - 0.1, cell_centers()[-1] + 0.1)
    expected, *_ = np.histogram2d(values, sums, bins=(edges, np.arange(20) - 0.5))
    assert np.array_equal(sum_table(sums, values), expected)


# --- mistakes


def answers(labels: list[int], said: list[int], sure: list[float], values: list[float]) -> Answers:
    """Made up, with addend 1 throughout; what is not sure is shared by the other classes."""
    probs = np.stack(
        [
            np.where(np.arange(10) == label, confidence, (1 - confidence) / 9)
            for label, confidence in zip(said, sure, strict=True)
        ]
    )
    numbers = np.array(values)
    ones = np.ones(len(labels), np.int64)
    return Answers(np.array(labels), ones, probs, numbers, numbers.round().astype(np.int64))


def pictures(count: int) -> Split:
    images = torch.arange(count, dtype=torch.uint8).view(-1, 1, 1, 1).expand(-1, 1, 28, 28)
    return Split(images, torch.zeros(count, dtype=torch.int64))


def test_the_worst_mistakes_come_first_and_right_answers_never():
    made = answers(
        labels=[4, 4, 4, 4],
        said=[4, 9, 7, 9],
        sure=[0.99, 0.6, 0.8, 0.7],
        values=[5.4, 10.0, 5.2, 1.0],  # 5 is right
    )
    found = analyze(made, pictures(4))
    assert [(m.index, m.answered) for m in found.wrong_classes] == [(2, 7), (3, 9), (1, 9)]
    assert [(m.index, m.total) for m in found.wrong_sums] == [(1, 10), (3, 1)]
    worst = found.wrong_classes[0]
    assert (worst.label, worst.addend, worst.confidence) == (4, 1, pytest.approx(0.8))
    assert worst.sum_value == pytest.approx(5.2)
    assert worst.image.shape == (28, 28)
    assert (worst.image == 2).all()


def test_a_sum_is_as_wrong_below_as_above():
    made = answers([4] * 3, [4] * 3, [0.9] * 3, values=[7.0, 0.0, 9.0])  # 5 is right
    assert [m.index for m in analyze(made, pictures(3)).wrong_sums] == [1, 2, 0]


def test_only_the_worst_few_are_kept():
    count = 3 * WORST_COUNT
    made = answers([4] * count, [9] * count, [0.5] * count, [10.0] * count)
    found = analyze(made, pictures(count))
    assert [m.index for m in found.wrong_classes] == list(
        range(WORST_COUNT)
    )  # of equals, the first
    assert [m.index for m in found.wrong_sums] == list(range(WORST_COUNT))


# --- reading


def test_each_addend_is_as_frequent_and_always_the_same():
    addends = fixed_addends(10_000)
    assert torch.equal(addends, fixed_addends(10_000))
    assert torch.bincount(addends, minlength=10).min() > 900


def test_a_reading_is_what_one_large_batch_says(model, data, exact, monkeypatch):
    monkeypatch.setattr(diagnostics_module, "READING_BATCH", 7)
    found = read(model, data.test)
    with torch.inference_mode():
        output = model(data.test.images, fixed_addends(100))
    confidence, answered = output.class_logits.softmax(1).max(1)
    wrong = answered != data.test.labels
    assert found.reliability.mean_right == pytest.approx(1 - wrong.float().mean().item())
    assert found.reliability.mean_confidence == pytest.approx(confidence.mean().item(), abs=1e-6)
    assert found.wrong_classes[0].confidence == pytest.approx(confidence[wrong].max().item())
    errors = (output.sum_value - data.test.labels - fixed_addends(100)).abs()
    worst = found.wrong_sums[0]
    assert worst.index == int(errors.argmax())
    assert np.array_equal(worst.image, data.test.images[worst.index, 0])
    assert found.sums.sum() == 100


def test_a_reading_is_the_same_whether_the_cpu_has_bfloat16(model, data, monkeypatch):
    """Its figures stand beside those of the card."""
    found = []
    for native in (False, True):
        monkeypatch.setattr(precision, "has_bfloat16", lambda native=native: native)
        found.append(read(model, data.test).reliability)
    assert found[0] == found[1]


def test_a_reading_goes_on_where_it_was_left(model, data, monkeypatch):
    monkeypatch.setattr(diagnostics_module, "READING_BATCH", 30)
    reading = Reading(model, data.test)
    shares = [reading.advance() for _ in range(6)]
    assert shares == [0.3, 0.6, 0.9, 1, 1, 1]


def test_a_network_that_makes_no_mistake_has_none_to_show(trained, data):
    found = read(trained, data.test)
    assert found.reliability.mean_right == 1
    assert found.wrong_classes == ()


@pytest.mark.parametrize("fusion", ["late", "pixels"])
@pytest.mark.parametrize("sum_head", ["regression", "classification"])
def test_every_design_can_be_read(data, fusion, sum_head):
    model = SumNet(ModelConfig(width=4, fusion=fusion, sum_head=sum_head)).eval()
    assert read(model, data.test).sums.sum() == 100


def test_visitors_who_share_a_reading_read_no_image_twice(model, data, monkeypatch):
    monkeypatch.setattr(diagnostics_module, "READING_BATCH", 10)
    reading = Reading(model, data.test)
    threads = [
        threading.Thread(target=lambda: [reading.advance() for _ in range(10)]) for _ in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert reading.analysis and reading.analysis.sums.sum() == 100


def test_a_reading_advances_for_one_visitor_at_a_time(data):
    locked: list[bool] = []

    class Network:
        def __call__(self, images: torch.Tensor, addends: torch.Tensor) -> Output:
            locked.append(reading._lock.locked())
            return Output(torch.zeros(len(images), 10), torch.zeros(len(images)), None)

    reading = Reading(Network(), data.test)  # type: ignore[arg-type]
    reading.advance()
    assert locked == [True]


def test_a_mistake_keeps_its_own_picture(model, data):
    found = read(model, data.test)
    mistake = found.wrong_classes[0]
    assert not np.shares_memory(mistake.image, data.test.images.numpy())
