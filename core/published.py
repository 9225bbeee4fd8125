"""The figures of the three published networks that this project repairs.

One example: network A says 98.59 % of the classes right and R2 0.2869, and no more; what it does
not say is not here. A published network has no checkpoint and no card: its figures stand beside
those of ours in tables.
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class Published:
    """One published network."""

    title: str
    dataset: str
    design: str  # a sentence
    figures: dict[str, float]  # named as on our cards; only those that were given
    source: str  # where the figures stand
    preset: str  # the preset that repairs it


_B = "Course solution B, the last line of its training log"

PUBLISHED = (
    Published(
        "Network A",
        "mnist",
        "The number as a raw scalar joins the class logits; the sum by squared error.",
        {"class_acc": 0.9859, "sum_r2": 0.2869},
        "Course solution A, scikit-learn's accuracy and R2 on its 10,000 test images",
        "mnist",
    ),
    Published(
        "Network B1",
        "fashion-mnist",
        "The one-hot number joins the flattened features; the sum as one of 19 classes.",
        {"joint_acc": 585 / 60_000},
        f'{_B}: 585 of 60,000, its "test" images being the training images',
        "fashion-late",
    ),
    Published(
        "Network B2",
        "fashion-mnist",
        "The one-hot number replaces the last ten pixels; the sum as one of 19 classes.",
        {"joint_acc": 0.0734},
        f'{_B}: 7.34 % of its "test" images, which are the training images',
        "fashion-pixels",
    ),
)
