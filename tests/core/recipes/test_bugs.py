"""The published bugs: each does what its name says, and each is caught by a test when put in."""

import json
import math
import re
from collections.abc import Callable
from dataclasses import replace
from functools import partial, wraps
from itertools import product
from pathlib import Path

import pytest
import torch
from streamlit.testing.v1 import AppTest

from core import dataset
from core import model as networks
from core import trainer as training
from core.cli.main import main
from core.dataset import Batch, Data, batches
from core.evaluation.metrics import Metrics, evaluate
from core.model import Output, PixelFusion, SumNet
from core.recipes.bugs import BUGS, LOSS_FLOOR, what_gave_it_away
from core.recipes.presets import PRESETS
from core.recipes.recipe import Recipe
from core.recipes.settings import SettingError
from core.runs.queue import create_run
from core.runs.run import Run, State, runs_dir
from core.storage import checkpoint
from core.storage.checkpoint import Card
from core.trainer import losses, train, validate
from tests.core import test_dataset, test_model, test_trainer
from tests.core.evaluation import test_metrics
from tests.support import pages
from tests.views import conftest
from views.session.link import Link, link_query, parse_link

QUICK = PRESETS["quick"].recipe
NAMES = [name for name in BUGS if name]
TINY = QUICK.change({"width": 4, "epochs": 8, "batch_size": 30, "lr": 0.1, "sum_weight": 0.1})


def taught(recipe: Recipe, data: Data) -> tuple[SumNet, dict[str, float], Metrics]:
    """A network trained by a recipe, its last look at the validation images, its test figures."""
    model = recipe.build()
    *_, last = recipe.teach(model, data)
    look = {f"val_{name}": value for name, value in last.val._asdict().items()}
    return model, look, evaluate(model, data.test)


@pytest.fixture(scope="module")
def sound(data) -> Metrics:
    return taught(TINY, data)[2]


@pytest.fixture
def batch(data) -> Batch:
    return next(batches(data.train, 20, torch.Generator().manual_seed(0)))


@pytest.fixture
def output() -> Output:
    generator = torch.Generator().manual_seed(0)
    class_logits, sum_logits = (torch.randn(20, n, generator=generator) * 5 for n in (10, 19))
    return Output(class_logits, torch.rand(20, generator=generator) * 18, sum_logits)


# --- without a bug


def test_no_bug_is_the_first_choice_and_the_default():
    assert next(iter(BUGS)) == ""
    assert QUICK.bug is BUGS[""]
    assert QUICK.with_bug("") == QUICK


def test_without_a_bug_a_recipe_trains_bit_for_bit_like_the_trainer(data):
    config = {"epochs": 2, "augment": 0.5, "dropout": 0.3}
    recipe = TINY.change(config)
    one, other = recipe.build(), recipe.build()
    assert list(recipe.teach(one, data)) == list(train(other, data, recipe.train))
    for name, value in one.state_dict().items():
        assert torch.equal(value, other.state_dict()[name]), name


def test_the_sound_method_is_the_batch_as_it_was_drawn_and_the_sound_losses(batch, output):
    method = BUGS[""].method
    assert method.prepare(batch) is batch
    assert method.losses is losses


# --- what each does


def test_broadcast_compares_every_answer_with_every_sum(batch, output):
    pairs = list(product(output.sum_value.tolist(), batch.sums.tolist()))
    expected = sum((value - total) ** 2 for value, total in pairs) / 20**2
    broken = output._replace(sum_logits=None)
    class_loss, sum_loss = BUGS["broadcast"].method.losses(broken, batch)
    assert sum_loss.item() == pytest.approx(expected, rel=1e-5)
    assert class_loss == losses(broken, batch)[0]


def test_two_softmaxes_keep_the_loss_of_a_perfect_answer_high(batch, output):
    perfect = 1e3 * torch.eye(10)[batch.labels]
    class_loss, _ = BUGS["softmax"].method.losses(output._replace(class_logits=perfect), batch)
    assert class_loss.item() == pytest.approx(math.log(math.e + 9) - 1)
    assert pytest.approx(1.4612, abs=1e-4) == LOSS_FLOOR


def test_a_shared_softmax_leaves_nothing_for_the_other_head(batch, output):
    """A class head that is sure takes the whole probability of 1: the sums are 19 zeros."""
    sure = output._replace(class_logits=1e3 * torch.eye(10)[batch.labels])
    _, sum_loss = BUGS["shared-softmax"].method.losses(sure, batch)
    assert sum_loss.item() == pytest.approx(math.log(19))


@pytest.mark.parametrize("sum_head", ["regression", "classification"])
def test_a_relu_leaves_no_logit_negative(images, sum_head):
    sound = Recipe(networks.ModelConfig(width=4, sum_head=sum_head))
    numbers = torch.arange(10)
    logits = sound.build().eval()(images, numbers).class_logits
    broken = sound.with_bug("relu").build().eval()(images, numbers)
    assert (logits < 0).any()
    assert torch.equal(broken.class_logits, logits.relu())
    assert all((part >= 0).all() for part in broken if part is not None)


def test_an_argmax_gives_the_sum_head_a_one_hot_and_the_encoder_no_gradient(images):
    model = TINY.with_bug("argmax").build()
    seen: list[torch.Tensor] = []
    model.sum_head.register_forward_pre_hook(lambda _, inputs: seen.append(inputs[0]))
    output = model(images, torch.arange(10))
    assert torch.equal(seen[0][:, :10], torch.eye(10)[output.labels])
    output.sum_value.sum().backward()
    gradient = model.encoder[0].weight.grad
    assert gradient is None or not gradient.any()


def test_the_label_is_written_on_top_of_a_copy_within_the_margin(data):
    """Two of the same image with other labels differ in the two squares of these labels alone."""
    image, numbers = data.train.images[:1], torch.tensor([3])
    before = image.clone()
    for label in range(10):
        labels = torch.tensor([label])
        marked = BUGS["label"].method.prepare(Batch(image, numbers, labels, labels + 3))
        assert torch.equal(image, before)
        changed = (marked.images != 0)[0, 0, :4].nonzero().tolist()
        assert changed == [[r, 4 + 2 * label + c] for r in (2, 3) for c in (0, 1)]
        assert torch.equal(marked.images[:, :, 4:], before[:, :, 4:])


def test_a_fixed_addend_is_the_same_in_every_epoch_and_right(data):
    rng = torch.Generator().manual_seed(0)
    prepare = BUGS["fixed-addend"].method.prepare
    met: dict[bytes, set[int]] = {}
    for _ in range(2):
        for batch in map(prepare, batches(data.train, 50, rng)):
            assert torch.equal(batch.sums, batch.labels + batch.addends)
            for image, addend in zip(batch.images.numpy(), batch.addends.tolist(), strict=True):
                met.setdefault(image.tobytes(), set()).add(addend)
    assert {len(addends) for addends in met.values()} == {1}
    assert set.union(*met.values()) == set(range(10))


def test_evaluation_on_training_images_looks_at_nothing_else(data):
    broken = BUGS["seen-images"].data(data)
    seen = {image.tobytes() for image in data.train.images.numpy()}
    assert len(broken.val.labels) == len(data.val.labels)
    assert all(image.tobytes() in seen for image in broken.val.images.numpy())
    assert torch.equal(broken.test.images, data.test.images)  # the final figures stay honest


# --- what comes of it


@pytest.mark.parametrize("name", NAMES)
def test_every_bug_trains_and_says_what_gave_it_away(data, name):
    recipe = TINY.with_bug(name).change({"epochs": 1})
    _, look, metrics = taught(recipe, data)
    said = what_gave_it_away(name, metrics.figures(), metrics.confusion, [look])
    assert re.search(r"\d\.\d", said)  # a figure of this run
    assert said.endswith(".")
    assert "\n" not in said


def test_without_a_bug_nothing_is_given_away():
    assert what_gave_it_away("", {}, [], []) == ""


def test_a_run_without_a_look_at_validation_has_nothing_to_tell():
    said = what_gave_it_away("label", {}, [], [{"step": 1, "loss": 2.3}])
    assert said.startswith("It was stopped before")


def test_the_broadcast_sum_head_answers_the_mean(data, sound):
    figures = taught(TINY.with_bug("broadcast"), data)[2].figures()
    assert sound.sum_r2 > 0.9
    assert figures["class_acc"] > 0.95
    assert abs(figures["sum_r2"]) < 0.1


def test_a_shared_softmax_ruins_the_sum(data, sound):
    figures = taught(TINY.with_bug("shared-softmax"), data)[2].figures()
    assert sound.joint_acc > 0.9
    assert figures["joint_acc"] < 0.3


@pytest.mark.parametrize(
    ("answers", "said"),
    [
        ({}, "Nothing did, this time"),
        ({3: 8}, "hardly ever answers class 3,"),
        ({3: 8, 5: 8, 9: 8}, "hardly ever answers class 3 or 5 or 9,"),
    ],
)
def test_classes_that_a_relu_silenced_are_named(answers, said):
    confusion = [[0] * 10 for _ in range(10)]
    for true in range(10):
        confusion[true][answers.get(true, true)] = 100
    look = {"val_loss": 1.0}
    assert said in what_gave_it_away("relu", {"class_acc": 0.7}, confusion, [look])


@pytest.fixture
def short(mnist) -> tuple[Recipe, Data]:
    """200 steps of a narrow network on real digits."""
    few = mnist._replace(
        train=mnist.train.first(12_800), val=mnist.val.first(1_000), test=mnist.test.first(1_000)
    )
    return QUICK.change({"width": 8, "epochs": 1, "batch_size": 64}), few


@pytest.mark.parametrize(
    ("name", "figure"), [("broadcast", "sum_r2"), ("shared-softmax", "joint_acc")]
)
def test_on_mnist_a_bug_costs_most_of_what_it_is_about(short, name, figure):
    """Sound over 0.8, broken below 0.1, where below 0.6 is asked for."""
    recipe, data = short
    right, wrong = (
        taught(one, data)[2].figures()[figure] for one in (recipe, recipe.with_bug(name))
    )
    assert right > 0.8
    assert wrong < 0.6 * right


def test_a_network_that_reads_the_label_fails_where_there_is_none(short):
    recipe, data = short
    _, look, metrics = taught(recipe.with_bug("label"), data)
    assert look["val_joint_acc"] > 0.95
    assert metrics.joint_acc < 0.75


# --- kept


@pytest.mark.parametrize("name", NAMES)
def test_a_bug_survives_a_file(name):
    recipe = QUICK.change({"lr": 0.05}).with_bug(name)
    assert recipe.bug.name == name
    assert Recipe.read(json.loads(json.dumps(recipe.params()))) == recipe


def test_a_recipe_from_before_there_were_bugs_is_read():
    params = QUICK.params()
    del params["bug"]
    assert Recipe.read(params) == QUICK


@pytest.mark.parametrize("junk", ["x", "Broadcast", None, 1, ["broadcast"], {}])
def test_what_is_no_bug_is_refused(junk):
    for attempt in (QUICK.with_bug, lambda name: Recipe.read(QUICK.params() | {"bug": name})):
        with pytest.raises(SettingError, match=r"is not a bug; broadcast, softmax, .* are\.$"):
            attempt(junk)


def test_a_bug_changes_what_it_needs_and_no_more():
    assert QUICK.with_bug("label").params() == QUICK.params() | {"bug": "label"}
    needs = {"bug": "shared-softmax", "sum_head": "classification", "sum_weight": 1.0}
    assert QUICK.with_bug("shared-softmax").params() == QUICK.params() | needs


@pytest.mark.parametrize("name", NAMES)
def test_a_network_with_a_bug_is_loaded_as_it_was(tmp_path, data, name):
    recipe = TINY.with_bug(name).change({"epochs": 1})
    model, _, metrics = taught(recipe, data)
    card = Card.of("quick", recipe, model, metrics, 1, 0.1)
    checkpoint.save(tmp_path / "net", model, card)
    loaded, found = checkpoint.load(tmp_path / "net")
    assert found.params["bug"] == name
    assert evaluate(loaded, data.test) == metrics


def test_a_card_with_an_unknown_bug_is_refused(tmp_path, model):
    metrics = Metrics(1.0, 1.0, 0.0, 1.0, 1.0, [[0] * 10] * 10)
    card = Card.of("quick", Recipe(model.config), model, metrics, 1, 0.1)
    checkpoint.save(tmp_path / "net", model, card)
    file = tmp_path / "net.json"
    file.write_text(file.read_text().replace('"bug": ""', '"bug": "gremlin"'))
    with pytest.raises(checkpoint.CheckpointError, match="'gremlin' is not a bug"):
        checkpoint.load(tmp_path / "net")


@pytest.mark.parametrize("name", NAMES)
def test_a_link_brings_its_bug(name):
    chosen = Link(bug=name)
    assert link_query(chosen) == {"v": "1", "bug": name}
    assert parse_link(link_query(chosen)) == chosen


@pytest.mark.parametrize("text", ["", "x", "BROADCAST", "broadcast\n", "x" * 10_000])
def test_a_link_with_another_bug_has_none(text):
    assert parse_link({"bug": text}) == Link()


def test_every_bug_has_its_words():
    assert len({bug.title for bug in BUGS.values()}) == len(BUGS)
    for bug in BUGS.values():
        assert re.fullmatch(r"[a-z-]*", bug.name)  # nothing to escape in a link
        assert re.fullmatch(r"[A-Z][^.]*(1\.)?[^.]*\.", bug.about)  # one sentence


def test_the_command_line_puts_a_bug_in(data, monkeypatch, tmp_path, capsys):
    monkeypatch.setattr(dataset, "load_data", lambda name: data)
    options = ["--width", "4", "--epochs", "1", "--bug", "broadcast", "--out", str(tmp_path)]
    assert main(["train", "--preset", "quick", *options, "--json"]) == 0
    report = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert report["recipe"]["bug"] == "broadcast"
    assert checkpoint.load(tmp_path / "quick")[1].params["bug"] == "broadcast"


def test_a_network_with_a_bug_never_becomes_the_shipped_one(data, monkeypatch, tmp_path):
    monkeypatch.setattr(dataset, "load_data", lambda name: data)
    monkeypatch.setattr(checkpoint, "WEIGHTS_DIR", tmp_path / "weights")
    small = replace(PRESETS["mnist"], recipe=TINY.change({"epochs": 1}))
    monkeypatch.setitem(PRESETS, "mnist", small)
    assert main(["train", "--bug", "relu"]) == 0
    assert not (tmp_path / "weights").exists()


# --- on the page


@pytest.fixture
def alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Runs in a folder of this test, and nobody who trains them."""
    conftest.alone.__wrapped__(tmp_path, monkeypatch)


def finished(name: str) -> Run:
    """A run with a bug that is over, with figures made up."""
    recipe = QUICK.change({"width": 4}).with_bug(name)
    run = create_run(runs_dir(), "quick", recipe)
    model = recipe.build().eval()
    metrics = Metrics(0.9812, 0.0123, 3.3, 0.1, 0.09, [[100] * 10 for _ in range(10)])
    checkpoint.save(run.checkpoint, model, Card.of("quick", recipe, model, metrics, 2, 5.0))
    val = dict.fromkeys(("val_loss", "val_class_loss", "val_sum_loss"), 1.5)
    val |= dict.fromkeys(("val_class_acc", "val_sum_acc", "val_joint_acc"), 0.99)
    base = {"seconds": 1.0, "step": 4, "steps": 4, "epoch": 1, "images": 512, "lr": 0.1}
    scores = dict.fromkeys(training.Scores._fields, 0.5)
    run.append(base | scores | val)
    run.set_state(State("finished"))
    return run


def markdown(app: AppTest) -> str:
    return " ".join(part.value for part in app.markdown)


def test_no_bug_is_chosen_at_first(alone):
    app = pages.opened(pages.train_page)
    box = app.selectbox(key="bug")
    assert (box.value, box.options[0], len(box.options)) == ("", "No bug", 9)


def test_the_bug_of_a_link_is_chosen(alone):
    app = pages.opened(pages.train_page, bug="relu")
    assert app.selectbox(key="bug").value == "relu"
    app.button(key="train_start").click().run()
    assert pages.the_run(app).recipe()[1].bug.name == "relu"


def test_the_chosen_bug_is_explained_and_trained_with(alone):
    app = pages.opened(pages.train_page)
    app.selectbox(key="bug").set_value("shared-softmax").run()
    assert BUGS["shared-softmax"].about in [caption.value for caption in app.caption]
    app.button(key="train_start").click().run()
    recipe = pages.the_run(app).recipe()[1]
    assert recipe == QUICK.with_bug("shared-softmax")
    assert app.query_params["bug"] == "shared-softmax"


@pytest.mark.parametrize("name", NAMES)
def test_a_run_with_a_bug_says_so_and_what_gave_it_away(alone, name):
    app = pages.opened(pages.train_page, run=finished(name).id)
    said = markdown(app)
    assert f"Broken on purpose: {BUGS[name].title}." in said
    assert "**What gave it away.**" in said
    captions = " ".join(caption.value for caption in app.caption)
    assert "it has never seen" not in captions  # seen-images does


def test_a_run_without_a_bug_says_nothing_of_it(alone):
    said = markdown(pages.opened(pages.train_page, run=finished("").id))
    assert "Broken" not in said
    assert "gave it away" not in said


# --- the bug list: put in, each is caught by a test of the sound code


def each_batch(change: Callable[[Batch], Batch]) -> Callable[..., object]:
    return lambda *given: map(change, batches(*given))


def in_every_network(name: str) -> Callable[[pytest.MonkeyPatch], None]:
    return lambda patch: patch.setitem(networks.ALTERATIONS, "", BUGS[name].alter)


def instead(owner: object, name: str, value: object) -> Callable[[pytest.MonkeyPatch], None]:
    return lambda patch: patch.setattr(owner, name, value)


def mark_in_place(self: PixelFusion, images: torch.Tensor, onehot: torch.Tensor) -> torch.Tensor:
    images[:, 0, -1, -10:] = (255 * onehot).to(images.dtype)
    return images


def both_right_as_accuracy(model: SumNet, split: dataset.Split) -> Metrics:
    metrics = evaluate(model, split)
    object.__setattr__(metrics, "class_acc", metrics.joint_acc)
    return metrics


@wraps(training._means)
def divided_by_256(output: Output, batch: Batch, *given: object) -> torch.Tensor:
    return training_means(output, batch, *given) * len(batch.labels) / 256


training_means, sound_load = training._means, dataset.load_data
truncated = property(lambda output: output.sum_value.clamp(0, 18).long())

BUG_LIST = {
    "softmax before cross-entropy": (
        instead(test_trainer, "losses", BUGS["softmax"].method.losses),
        "test_trainer.py::test_the_class_loss_is_the_cross_entropy_of_the_logits",
    ),
    "one softmax across heads": (
        instead(test_trainer, "losses", BUGS["shared-softmax"].method.losses),
        "test_trainer.py::test_the_loss_of_a_classified_sum_is_the_cross_entropy_of_its_logits",
    ),
    "test = train": (
        instead(dataset, "load_data", lambda name: BUGS["seen-images"].data(sound_load(name))),
        "test_dataset.py::test_no_image_is_in_two_splits",
    ),
    "MSE [N, 1] against [N]": (
        instead(test_trainer, "losses", BUGS["broadcast"].method.losses),
        "test_trainer.py::test_the_loss_of_a_regressed_sum_is_the_mean_squared_error",
    ),
    "misaligned loaders": (
        instead(
            test_dataset, "batches", each_batch(lambda b: b._replace(images=b.images.roll(1, 0)))
        ),
        "test_dataset.py::test_images_labels_and_sums_stay_together",
    ),
    "argmax between heads": (
        in_every_network("argmax"),
        "test_model.py::test_the_sum_loss_teaches_the_encoder",
    ),
    "ReLU on logits": (
        in_every_network("relu"),
        "test_model.py::test_class_logits_can_be_negative",
    ),
    "number fixed per image": (
        instead(test_dataset, "batches", each_batch(BUGS["fixed-addend"].method.prepare)),
        "test_dataset.py::test_an_image_meets_another_addend_in_the_next_epoch",
    ),
    "a random range that misses a value": (
        instead(dataset, "ADDENDS", 9),
        "test_dataset.py::test_addends_are_all_of_0_to_9_and_equally_likely",
    ),
    "evaluation in train mode": (
        instead(SumNet, "eval", SumNet.train),
        "evaluation/test_metrics.py::test_evaluation_happens_in_eval_mode",
    ),
    "both-right reported as accuracy": (
        instead(test_metrics, "evaluate", both_right_as_accuracy),
        "evaluation/test_metrics.py::test_the_figures_of_known_answers",
    ),
    "truncation": (
        instead(Output, "totals", truncated),
        "test_model.py::test_a_regressed_sum_is_rounded_not_truncated",
    ),
    "no normalisation": (
        instead(SumNet, "normalize", lambda self, images: images.float()),
        "test_model.py::test_images_are_normalized_before_the_encoder_sees_them",
    ),
    "in-place edits of inputs": (
        instead(PixelFusion, "mark", mark_in_place),
        "test_model.py::test_inputs_are_not_edited",
    ),
    "division by the wrong count": (
        instead(training, "_means", divided_by_256),
        "test_trainer.py::test_training_scores_are_means_over_the_batch_however_small",
    ),
    "the label among the inputs": (
        instead(test_model, "validate", partial(validate, method=BUGS["label"].method)),
        "test_model.py::test_the_label_is_not_among_the_inputs",
    ),
}

CAUGHT_BY = {"argmax between heads": AttributeError}  # no gradient at all, not even zeros


class Verdicts:
    """A pytest plugin that keeps why tests failed."""

    def __init__(self) -> None:
        self.raised: list[type[BaseException]] = []

    def pytest_runtest_makereport(
        self, item: pytest.Item, call: pytest.CallInfo[None]
    ) -> pytest.TestReport | None:
        if call.excinfo is not None:
            self.raised.append(call.excinfo.type)
        return None


@pytest.mark.parametrize("row", BUG_LIST)
def test_each_published_bug_is_caught_when_it_is_put_in(row, monkeypatch, capsys):
    """pytest in pytest: the guarding test, run while the bug is in, must fail by its assertion."""
    put_in, guard = BUG_LIST[row]
    node = f"{Path(__file__).parents[1]}/{guard}"
    verdicts = Verdicts()
    with monkeypatch.context() as patch:
        put_in(patch)
        status = pytest.main(["-q", "-p", "no:cacheprovider", node], plugins=[verdicts])
    report = capsys.readouterr().out
    assert status == pytest.ExitCode.TESTS_FAILED, report
    assert set(verdicts.raised) == {CAUGHT_BY.get(row, AssertionError)}, report
