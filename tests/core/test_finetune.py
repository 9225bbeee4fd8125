"""Fine-tuning to somebody's handwriting: the examples, and what it does."""

import copy
import json

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as some

from core import finetune
from core.data.drawing import MAX_POINTS, mnist_form, rasterize, thin
from core.data.handwriting import write_digit
from core.engines import optimizer
from core.evaluation.prediction import predict
from core.finetune import ExampleError, HandExample
from core.model import ModelConfig, SumNet

SLASH = HandExample(
    7, (((60.0, 50.0), (200.0, 50.0), (130.0, 236.0)), ((90.0, 140.0), (175.0, 140.0)))
)
ODD = "00 49/ 90"  # a 7 like a V


def odd_sevens(count: int, seed: int) -> list[HandExample]:
    rng = np.random.default_rng(seed)
    return [HandExample(7, write_digit(ODD, rng)[0]) for _ in range(count)]


def test_examples_survive_being_written_down():
    examples = [SLASH, HandExample(0, (((1.5, 2.0), (100.0, 30.25)),))]
    assert finetune.parse_examples(finetune.dump_examples(examples)) == examples
    assert finetune.parse_examples("") == []


@pytest.mark.parametrize(
    "line",
    [
        "no json",
        "[]",
        "7",
        '{"label": 7}',
        '{"label": 10, "strokes": [[[0, 0], [50, 50]]]}',
        '{"label": true, "strokes": "x"}',
        '{"label": 7, "strokes": []}',
        '{"label": 7, "strokes": [[[9, 9]]]}',
        '{"label": 7, "strokes": [[[0, 0], [50, NaN]]]}',
        '{"label": 7, "strokes": [[[0, 0], [50, 1e400]]]}',
        '{"label": 7, "strokes": [[[0, 0], [50, 280]]]}',
        '{"label": 7, "strokes": [[[0, 0], [50, -1]]]}',
        '{"label": 7, "strokes": [[[0, 0, 0], [50, 50, 0]]]}',
        json.dumps({"label": 7, "strokes": [[[i % 200, 9]] for i in range(61)]}),
        "[" * 100_000,
    ],
)
def test_a_line_that_is_no_example_is_named(line):
    with pytest.raises(ExampleError, match="Line 2 is not an example"):
        finetune.parse_examples(finetune.dump_examples([SLASH]) + line)


def test_blank_lines_are_skipped_and_count_as_lines_alone():
    text = finetune.dump_examples([SLASH])
    assert finetune.parse_examples(f"\n{text}\n \r\n", max_examples=1) == [SLASH]
    with pytest.raises(ExampleError, match="Line 3 is not an example"):
        finetune.parse_examples(f"\n{text}no json")


def test_too_many_examples_are_refused():
    text = finetune.dump_examples([SLASH] * 101)
    with pytest.raises(ExampleError, match="101 examples; the limit is 100"):
        finetune.parse_examples(text, max_examples=100)
    assert len(finetune.parse_examples(text, max_examples=101)) == 101


@given(some.text(max_size=300))
def test_any_text_gives_examples_or_one_sentence(text):
    try:
        finetune.parse_examples(text)
    except ExampleError as error:
        assert str(error).endswith(".") and "\n" not in str(error)


def test_examples_are_drawn_with_many_pens():
    pictures, labels = finetune.draw_examples([SLASH, *odd_sevens(2, seed=0)], seed=0)
    assert pictures.shape == (finetune.EXAMPLE_IMAGES, 1, 28, 28) and pictures.dtype == torch.uint8
    assert labels.tolist() == [7] * finetune.EXAMPLE_IMAGES
    mine = {image.tobytes() for image in pictures[::3, 0].numpy()}
    assert mine == {mnist_form(rasterize(SLASH.strokes, pen)).tobytes() for pen in range(14, 27)}


def test_each_of_many_examples_is_drawn():
    many = [HandExample(1 + number % 7, SLASH.strokes) for number in range(250)]
    pictures, labels = finetune.draw_examples(many, seed=0)
    assert len(pictures) == 250
    assert labels.tolist() == [example.label for example in many]


def test_a_seed_fixes_the_pens_and_another_gives_others():
    one, same, other = (finetune.draw_examples([SLASH], seed)[0] for seed in (1, 1, 2))
    assert torch.equal(one, same) and not torch.equal(one, other)


def test_only_digits_with_late_fusion_can_be_fine_tuned():
    assert finetune.can_finetune(SumNet(ModelConfig(width=4)))
    assert not finetune.can_finetune(SumNet(ModelConfig(width=4, fusion="pixels")))
    assert not finetune.can_finetune(SumNet(ModelConfig(width=4, dataset="fashion-mnist")))


def test_only_the_last_layers_of_class_head_and_detector_learn(shipped, mnist):
    taught = copy.deepcopy(shipped[0])
    finetune.finetune(taught, mnist.train, [SLASH])
    after = dict(taught.named_parameters())
    changed = {
        name
        for name, before in shipped[0].named_parameters()
        if not torch.equal(before, after[name])
    }
    layers = ("class_head.1", "ink_detector.kind")
    assert changed == {f"{layer}.{part}" for layer in layers for part in ("weight", "bias")}
    assert not taught.training


def test_the_stronger_the_pull_the_nearer_the_layer_stays_to_its_start(shipped, data, monkeypatch):
    """Few images of MNIST are kept here, so that nothing else holds the layer."""
    monkeypatch.setattr(finetune, "KEPT_IMAGES", 10)
    monkeypatch.setattr(optimizer, "ANCHOR", 100.0)
    taught = copy.deepcopy(shipped[0])
    finetune.finetune(taught, data.train, [HandExample(1, SLASH.strokes)])
    before, after = (net.class_head[-1].weight for net in (shipped[0], taught))
    assert torch.allclose(before, after, atol=1e-3)


def test_ten_examples_teach_a_handwriting_and_mnist_is_kept(shipped, mnist, all_cores):
    network, _ = shipped
    others = odd_sevens(50, seed=1)

    def right(model: SumNet) -> float:
        said = [predict(model, mnist_form(rasterize(e.strokes)), 5) for e in others]
        return np.mean([(one.label, one.total) == (7, 12) for one in said])

    def mnist_right(model: SumNet) -> float:
        few = mnist.test.first(2000)
        with torch.inference_mode():
            said = model(few.images, torch.zeros_like(few.labels)).labels
        return (said == few.labels).float().mean().item()

    taught = copy.deepcopy(network)
    finetune.finetune(taught, mnist.train, odd_sevens(10, seed=0))
    before = right(network)
    assert before < 0.6
    assert right(taught) >= before + (1 - before) / 2
    assert mnist_right(taught) >= mnist_right(network) - 0.002


def test_a_drawing_labeled_again_takes_its_new_label_and_stands_last():
    first, second = HandExample(1, SLASH.strokes), HandExample(4, odd_sevens(1, seed=0)[0].strokes)
    assert finetune.add_examples([first, second], [SLASH]) == [second, SLASH]
    assert finetune.add_examples([], [first, SLASH]) == [SLASH]


def test_no_more_examples_are_kept_than_can_be_read_back():
    many = [HandExample(1, (((0.0, 0.0), (50.0, float(i))),)) for i in range(101)]
    assert len(finetune.add_examples(many[:99], many[99:100], max_examples=100)) == 100
    with pytest.raises(ExampleError, match="101 examples; the limit is 100"):
        finetune.add_examples(many[:100], many[100:], max_examples=100)


def test_a_long_drawing_of_a_file_is_thinned_and_the_longest_of_ours_is_read_back():
    ours = HandExample(1, (tuple((float(i % 200), 9.0) for i in range(MAX_POINTS)),))
    assert finetune.parse_examples(finetune.dump_examples([ours])) == [ours]
    longer = HandExample(1, (tuple((float(i % 200), 9.0) for i in range(2_000)),))
    (read,) = finetune.parse_examples(finetune.dump_examples([longer]))
    assert read.strokes == thin(longer.strokes)
    assert sum(map(len, read.strokes)) <= MAX_POINTS


def test_examples_that_stay_are_not_drawn_again():
    kept = HandExample(1, SLASH.strokes)
    found = finetune.add_examples([kept, HandExample(2, (((0.0, 0.0), (9.0, 90.0)),))], [])
    assert found[0] is kept
    assert finetune.add_examples([kept], [SLASH]) == [SLASH]


@given(
    line=some.sampled_from(
        [
            '{"label": 7, "strokes": ' + "[" * 90_000,
            json.dumps({"label": 7, "strokes": [[[1, 1], [90, 90]]] * 61}),
            json.dumps({"label": 7, "strokes": [[[1, 1]] * 20_000]}),
            json.dumps({"label": 7.0, "strokes": [[[0, 0], [50, 50]]], "more": [[[[1]]]] * 30_000}),
        ]
    )
)
def test_depth_and_counts_are_bounded(line):
    with pytest.raises(ExampleError, match="Line 1 is not an example"):
        finetune.parse_examples(line)


def test_examples_are_read_as_drawings_are(shipped):
    examples = [SLASH, *odd_sevens(3, seed=0)]
    said = finetune.read_labels(shipped[0], np.stack([e.image for e in examples]))
    assert said == [predict(shipped[0], e.image, 5).label for e in examples]
    assert said[0] == 7
