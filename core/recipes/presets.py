"""Named recipes: the repaired published networks, and the quick one of the Train page."""

from dataclasses import dataclass, replace

from core.model import ModelConfig
from core.recipes.recipe import Recipe
from core.trainer import TrainConfig

FEW_IMAGES = 2_000  # to train on; fewer are distorted
VERY_FEW_IMAGES = 50  # fewer start from the shipped encoder, which takes longer


@dataclass(frozen=True)
class Preset:
    """A recipe with a name."""

    name: str
    title: str
    recipe: Recipe
    shipped: bool = True  # are its weights in weights/?
    has_detector: bool = False  # is an ink detector trained when the network is finished?


FASHION = Recipe(
    ModelConfig(
        dataset="fashion-mnist",
        width=32,
        encoder="residual",
        convs=(1, 1, 2),
        sum_head="classification",
    ),
    TrainConfig(
        epochs=80,
        batch_size=256,
        lr=0.2,
        sum_weight=0.1,
        shift=1,
        cutout=12,
        ema=0.999,
        held_out=2_000,
    ),
)

PRESETS = {
    preset.name: preset
    for preset in (
        Preset(  # answers on the Draw page
            "mnist",
            "Digits",
            Recipe(
                ModelConfig(width=32, convs=(1, 2, 2), dropout=0.1),
                TrainConfig(
                    epochs=30,
                    lr=0.1,
                    weight_decay=2e-4,
                    sum_weight=0.003,
                    augment=0.5,
                    pen=0.3,
                    label_smoothing=0.05,
                    temperature=1.75,
                    ema=0.999,
                    held_out=2_000,
                ),
            ),
            has_detector=True,
        ),
        Preset(
            "fashion-late",
            "Garments, late fusion",
            FASHION,
        ),
        Preset(
            "fashion-pixels",
            "Garments, pixel fusion",
            Recipe(
                replace(FASHION.model, fusion="pixels"),
                replace(FASHION.train, sum_weight=1.0),
            ),
        ),
        Preset(  # 99 % within seconds; the settings of the Train page change it
            "quick",
            "Digits, quick",
            Recipe(
                ModelConfig(width=16, encoder="cosine", margin=2),
                TrainConfig(epochs=1, lr=0.2, sum_weight=0.003, label_smoothing=0.02),
            ),
            shipped=False,
        ),
    )
}


def own_recipe(dataset: str, images: int) -> Recipe:
    """The usual recipe for somebody's own data set with so many training images."""
    distortion = 0.5 if images < FEW_IMAGES else 0.0
    start = "shipped" if images < VERY_FEW_IMAGES else "nothing"
    return PRESETS["quick"].recipe.change(
        {"dataset": dataset, "epochs": 3, "augment": distortion, "start": start}
    )
