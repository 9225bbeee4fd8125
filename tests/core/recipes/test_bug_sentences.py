"""What gives a bug away, in a sentence: each number in it is the one that it names."""

import pytest

from core.recipes.bugs import what_gave_it_away

TEST = {"class_acc": 0.9811, "sum_acc": 0.8722, "joint_acc": 0.8633, "sum_r2": 0.12}
VAL = {
    "val_loss": 1.0,
    "val_class_loss": 1.54,
    "val_class_acc": 0.9744,
    "val_sum_acc": 0.9655,
    "val_joint_acc": 0.9566,
}
EARLIER = {name: value / 2 for name, value in VAL.items()}
HISTORY = [{"step": 1}, {"step": 2, **EARLIER}, {"step": 3, **VAL}, {"step": 4}]
EVEN = [[10] * 10] * 10  # each class is answered as often as any other


@pytest.mark.parametrize(
    ("bug", "said"),
    [
        ("broadcast", "R² is 0.12, but the class head is right in 98.11 %"),
        ("softmax", "The class loss ends at 1.54 with 97.44 % right"),
        (
            "shared-softmax",
            "The class head is right in 98.11 %, the sum head in 87.22 %, both in 86.33 %",
        ),
        ("relu", "Nothing did, this time: the class head is right in 98.11 %."),
        ("argmax", "(class 98.11 %, rounded sum 87.22 %)"),
        ("label", "95.66 % of the validation images, but in 86.33 % of the test images"),
        ("fixed-addend", "96.55 % with the fixed numbers and in 87.22 % with all ten"),
        ("seen-images", "95.66 % of the so-called validation images, but in 86.33 % of the test"),
    ],
)
def test_the_figures_of_a_sentence_are_those_that_it_names(bug, said):
    assert said in what_gave_it_away(bug, TEST, EVEN, HISTORY)


def test_a_class_is_silent_that_is_hardly_ever_answered_and_not_one_that_is_answered_seldom():
    confusion = [[10] * 10 for _ in range(10)]
    for row in confusion:
        row[3], row[7] = 0, 1  # never, and in 1.2 % of all answers
    said = what_gave_it_away("relu", TEST, confusion, HISTORY)
    assert said.startswith("It hardly ever answers class 3, so 98.11 % are right")
