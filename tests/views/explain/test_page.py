"""The Explain page, without a browser: for every kind of network, and its words against torch."""

import inspect
import io
import re
from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qsl

import pytest
import torch
from PIL import Image, ImageDraw
from streamlit.testing.v1 import AppTest
from torch.nn import functional as F

from core.data.download import DownloadError
from core.data.drawing import Strokes, mnist_form, rasterize
from core.data.image_files import read_image
from core.dataset import Data
from core.model import ModelConfig, SumNet
from core.recipes.recipe import Recipe
from core.specs import SPECS
from core.storage.checkpoint import Card
from core.trainer import TrainConfig
from tests.core.evaluation.test_layers import CONFIGS, name_of
from tests.support import pages
from tests.support.pages import explain_page, session_of
from views.explain import figures
from views.explain.sections import SECTIONS
from views.session import networks
from views.session.link import format_strokes, parse_link, parse_strokes
from views.ui.images import data_uri

STROKES = SPECS["mnist"].example
FIGURES = {
    "class_acc": 0.9,
    "sum_r2": 0.8,
    "sum_mae": 0.5,
    "sum_acc": 0.7,
    "joint_acc": 0.6,
}
WEIGHT = 0.25

Answering = Callable[[ModelConfig], SumNet]


@pytest.fixture
def answering(monkeypatch: pytest.MonkeyPatch) -> Answering:
    """Let a network of some config, untrained, answer the visitor."""

    def answer(config: ModelConfig) -> SumNet:
        torch.manual_seed(0)
        model = SumNet(config).eval()
        params = Recipe(config, TrainConfig(sum_weight=WEIGHT)).to_dict()
        card = Card("quick", params, 0, 1, 1.0, FIGURES, [], model.parameter_count)
        monkeypatch.setattr(networks, "answering_network", lambda session: (model, card, ""))
        return model

    return answer


def opened(**query: str) -> AppTest:
    return pages.opened(explain_page, **query)


def words(app: AppTest) -> str:
    """All that the page says, without its tags and pictures."""
    return re.sub(r"\s+", " ", re.sub(r"<[^>]*>", " ", pages.words(app)))


@pytest.mark.parametrize("config", CONFIGS, ids=name_of)
def test_the_page_explains_every_kind_of_network(answering: Answering, config: ModelConfig) -> None:
    model = answering(config)
    app = opened()
    said = words(app)
    spec = SPECS[config.dataset]
    assert f"has {'late' if config.fusion == 'late' else 'pixel'} fusion" in said.replace("*", "")
    assert f"{spec.title} has 60,000 pictures" in said
    assert f"sum head says {spec.noun} plus number" in said.replace("*", "")
    assert f"{model.parameter_count:,} parameters in all" in said  # counted layer by layer
    assert "cross-entropy too" in said.replace("*", "") or config.sum_head == "regression"


@pytest.mark.parametrize(
    ("config", "sides"),
    [
        ({"margin": 0}, "the picture and halves it three times"),
        ({"margin": 0}, "each time: 28 → 14 → 7 → 3, fewer places"),
        ({"margin": 2}, "the picture (without its empty margin of 2 pixels)"),
        ({"margin": 2}, "each time: 24 → 12 → 6 → 3, fewer places"),
        ({"encoder": "cosine"}, "as a mix of twelve waves, which it need not learn"),
        ({"encoder": "cosine", "margin": 2}, "each time: 24 → 10 → 4 → 2, fewer places"),
        ({"encoder": "cosine"}, "waves, which training left alone: 24 patches of 6 × 6"),
        ({"encoder": "plain"}, "training found 4 patches of 5 × 5 weights"),
        ({"encoder": "residual"}, "looks at it in full size first"),
        ({"encoder": "residual"}, "comes in: 28 → 28 → 14 → 7, fewer places"),
        ({"encoder": "residual"}, "After the last, 7 × 7 places are left"),
    ],
)
def test_the_sides_that_are_told_are_those_of_the_network(
    answering: Answering, config: dict[str, Any], sides: str
) -> None:
    answering(ModelConfig(width=4, **config))
    assert sides in words(opened())


def test_the_code_is_the_networks_own(answering: Answering) -> None:
    answering(CONFIGS[0])
    shown = opened().code[0].value
    own = inspect.getsource(SumNet.forward)
    assert [line.strip() for line in shown.splitlines()] == [
        line.strip() for line in own.splitlines()
    ]
    assert shown.startswith("def forward(self")


@pytest.mark.parametrize("head", ["regression", "classification"])
def test_the_numbers_of_the_losses_are_torchs(answering: Answering, head: str) -> None:
    model = answering(ModelConfig(width=4, sum_head=head))  # type: ignore[arg-type]
    image = mnist_form(rasterize(STROKES))
    assert image is not None
    with torch.inference_mode():
        output = model(torch.from_numpy(image).view(1, 1, 28, 28), torch.tensor([1]))
    label = output.labels
    class_loss = F.cross_entropy(output.class_logits, label).item()
    if output.sum_logits is None:
        sum_loss = F.mse_loss(output.sum_value, label + 1.0).item()
    else:
        sum_loss = F.cross_entropy(output.sum_logits, label + 1).item()
    joint_loss = class_loss + WEIGHT * sum_loss
    a, b, joint = (figures.short_number(loss) for loss in (class_loss, sum_loss, joint_loss))
    said = words(opened(n="1", s=format_strokes(STROKES)))
    assert f"= {a} sum_loss" in said
    assert f"= {b} joint_loss" in said
    assert f"= {a} + 0.25 × {b} = {joint}" in said


@pytest.mark.parametrize("strokes", [(), (((60.0, 60.0),),)], ids=["nothing", "a dot"])
def test_an_example_stands_in_for_a_drawing_and_that_is_said(
    answering: Answering, strokes: Strokes
) -> None:
    answering(CONFIGS[0])
    said = words(opened(s=format_strokes(strokes)))
    assert "You have drawn nothing yet, so this is an example" in said


def test_a_drawing_is_explained_and_stays_in_the_address(answering: Answering) -> None:
    answering(CONFIGS[0])
    strokes = format_strokes((((60.0, 60.0), (220.0, 220.0)),))
    app = opened(n="3", s=strokes)
    assert "from your drawing and your number, 3" in words(app)
    assert "this is an example" not in words(app)
    image = mnist_form(rasterize(parse_strokes(strokes)))
    assert image is not None
    shown = " ".join(part.proto.body for part in app.get("html"))
    assert data_uri(image) in shown
    assert app.query_params["s"] == strokes


def test_a_test_image_is_explained_with_its_own_label(
    answering: Answering, monkeypatch: pytest.MonkeyPatch, data: Data
) -> None:
    answering(CONFIGS[0])
    monkeypatch.setattr(networks, "test_split", lambda name: data.test)
    app = opened(t="13", n="4")
    said = words(app)
    assert "from test image 13 of MNIST and your number, 4" in said
    assert "A picture of **3** with the number **4**" in said
    assert "the *sum*, 7" in said
    assert "Nobody knows what" not in said
    assert app.query_params["t"] == "13"


def test_without_the_test_images_an_example_stands_in(
    answering: Answering, monkeypatch: pytest.MonkeyPatch
) -> None:
    def missing(name: str) -> None:
        raise DownloadError("They are not on this machine.")

    answering(CONFIGS[0])
    monkeypatch.setattr(networks, "test_split", missing)
    assert "this is an example" in words(opened(t="13"))


def uploaded(app: AppTest, file: bytes) -> AppTest:
    """As if the file had been chosen on the Draw page."""
    session = session_of(app)
    session.source, session.image_files["upload"] = "upload", file
    return app.run()


def test_an_uploaded_picture_is_explained(answering: Answering) -> None:
    answering(CONFIGS[0])
    photo = Image.new("L", (90, 90), 255)
    ImageDraw.Draw(photo).line([(20, 20), (70, 20), (40, 80)], fill=0, width=8)
    file = io.BytesIO()
    photo.save(file, "PNG")
    app = uploaded(opened(n="4", s=format_strokes(STROKES)), file.getvalue())
    assert "from your picture and your number, 4" in words(app)
    image = read_image(io.BytesIO(file.getvalue()))
    assert image is not None
    assert data_uri(image) in " ".join(part.proto.body for part in app.get("html"))
    assert "s" not in app.query_params  # a link cannot carry a file, and says no other picture


@pytest.mark.parametrize("file", [b"", b"no picture"])
def test_without_a_readable_upload_an_example_stands_in(answering: Answering, file: bytes) -> None:
    answering(CONFIGS[0])
    assert "this is an example" in words(uploaded(opened(), file))


def test_every_story_leads_to_its_bug_on_the_train_page(answering: Answering) -> None:
    answering(CONFIGS[0])
    found = [
        parse_link(dict(parse_qsl(query)))
        for query in re.findall(r"\]\(train\?(.*?)\)", " ".join(m.value for m in opened().markdown))
    ]
    stories = [each for each in found if not each.lesson]  # lessons come after them
    made = [(each.bug, each.settings["dataset"], each.settings["fusion"]) for each in stories]
    assert made == [
        *(("broadcast", "mnist", "late"), ("label", "mnist", "late"), ("relu", "mnist", "late")),
        ("shared-softmax", "fashion-mnist", "late"),
        ("softmax", "fashion-mnist", "late"),
        ("seen-images", "fashion-mnist", "late"),
        ("shared-softmax", "fashion-mnist", "pixels"),
        ("broadcast", "mnist", "late"),
        ("softmax", "fashion-mnist", "late"),
    ]


def test_another_number_is_rolled_and_published(answering: Answering) -> None:
    answering(CONFIGS[0])
    app = opened(n="3")
    app.button(key="explain_roll").click().run()
    addend = session_of(app).link.addend
    assert addend != 3
    assert f"with the number **{addend}** has two right answers" in words(app)
    assert app.query_params.get("n", "7") == str(addend)  # 7 is not said: it is the default


def test_the_published_figures_are_told(answering: Answering) -> None:
    answering(CONFIGS[0])
    said = words(opened())
    for figure in (
        "R2 0.2869",
        "0.9859",
        "0.975 %",
        "7.34 %",
        "90.00 %",
        "60.00 %",
        "R2 **0.800**",
    ):
        assert figure in said
    assert figures.LATE_LOG[-1] / figures.LOG_CASES == pytest.approx(0.00975)


def test_the_broadcast_table_is_shown(answering: Answering) -> None:
    answering(CONFIGS[0])
    shown = " ".join(part.proto.body for part in opened().get("html"))
    assert shown.count('class="meant"') == 4 + 4 + 4
    assert shown.count('class="stray"') == 12 + 12


def html_of(app: AppTest) -> str:
    return " ".join(part.proto.body for part in app.get("html"))


def test_each_idea_can_be_linked_to_and_is_numbered(answering: Answering) -> None:
    answering(CONFIGS[0])
    app = opened()
    shown = html_of(app)
    titles = [each.value for each in app.subheader]
    assert titles[0] == "1. The data, by one example" and len(titles) == len(SECTIONS)
    for number, title in enumerate(SECTIONS, 1):
        assert f'<a href="#idea-{number}">{title}</a>' in shown
    assert [each.proto.anchor for each in app.subheader][:2] == ["idea-1", "idea-2"]


def test_a_locked_or_hidden_number_is_not_rolled(answering: Answering) -> None:
    answering(CONFIGS[0])
    assert opened(lock="number").button(key="explain_roll").disabled
    assert "explain_roll" not in {button.key for button in opened(hide="number").button}


def test_the_next_times_a_picture_comes_up_each_number_has_its_sum(answering: Answering) -> None:
    answering(CONFIGS[0])
    again = html_of(opened(n="4"))
    pairs = re.findall(r"<td>(\d)<td class=\"class-ink\">(\d)<td class=\"sum-ink\">(\d+)", again)
    assert len(pairs) == 3
    assert all(int(addend) + int(label) == int(total) for addend, label, total in pairs)
