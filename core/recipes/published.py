"""The metrics and training logs of the three published networks that this project repairs.

One example: network A was published with 98.59 % of the classes right and R2 0.2869, and no other
metrics. A published network has no checkpoint and no card; its metrics stand next to ours in
tables.
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class PublishedNetwork:
    """One published network."""

    title: str
    dataset: str
    figures: dict[str, float]  # the metrics that were published, named as on our cards
    preset: str  # the preset that repairs it


PUBLISHED = (
    # Course solution A: scikit-learn's accuracy and R2 on its 10,000 test images.
    PublishedNetwork("Network A", "mnist", {"class_acc": 0.9859, "sum_r2": 0.2869}, "mnist"),
    # Course solution B, the last line of each training log; its "test" images are the training
    # images, 585 of 60,000 in the first.
    PublishedNetwork("Network B1", "fashion-mnist", {"joint_acc": 585 / 60_000}, "fashion-late"),
    PublishedNetwork("Network B2", "fashion-mnist", {"joint_acc": 0.0734}, "fashion-pixels"),
)

# Cases of LOG_CASES that B1 (late fusion) and B2 (pixel fusion) got right, both answers, after each
# epoch: from their own training logs.
LATE_LOG = (779, 1134, 1125, 1050, 818, 585, 585, 585, 585, 585)
PIXELS_LOG = (586, 1009, 2653, 3477, 3647, 3829, 3822, 3879, 4169, 4399)
LOG_CASES = 60_000
