"""The figures of the three published networks that this project repairs.

One example: network A says 98.59 % of the classes right and R2 0.2869, and no more; what it does
not say is not here. A published network has no checkpoint and no card: its figures stand beside
those of ours in tables.
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class PublishedNetwork:
    """One published network."""

    title: str
    dataset: str
    figures: dict[str, float]  # named as on our cards; only those that were given
    preset: str  # the preset that repairs it


PUBLISHED = (
    # Course solution A: scikit-learn's accuracy and R2 on its 10,000 test images.
    PublishedNetwork("Network A", "mnist", {"class_acc": 0.9859, "sum_r2": 0.2869}, "mnist"),
    # Course solution B, the last line of each training log; its "test" images are the training
    # images, 585 of 60,000 in the first.
    PublishedNetwork("Network B1", "fashion-mnist", {"joint_acc": 585 / 60_000}, "fashion-late"),
    PublishedNetwork("Network B2", "fashion-mnist", {"joint_acc": 0.0734}, "fashion-pixels"),
)
