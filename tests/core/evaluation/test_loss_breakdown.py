"""The numbers beside both losses: each is that of the label, or of the sum, that was asked for."""

import numpy as np
import pytest
import torch

from core.evaluation.loss_breakdown import break_down, broadcast_table
from core.model import SUM_HEADS, ModelConfig, SumNet
from tests.conftest import draw_digit

IMAGE = draw_digit(5)


@pytest.mark.parametrize("sum_head", SUM_HEADS)
@pytest.mark.parametrize("label", [2, 5])
def test_the_probabilities_are_those_of_the_label_and_of_its_sum(sum_head, label):
    torch.manual_seed(0)
    model = SumNet(ModelConfig(width=4, sum_head=sum_head)).eval()
    case = break_down(model, IMAGE, 7, label, sum_weight=0.25)
    with torch.inference_mode():
        output = model(torch.from_numpy(IMAGE).view(1, 1, 28, 28), torch.tensor([7]))
    probs = output.class_logits[0].softmax(0).numpy()
    assert case.class_probs == pytest.approx(probs, abs=1e-5)
    assert case.class_prob == pytest.approx(probs[label], abs=1e-5)
    assert case.class_loss == pytest.approx(-np.log(probs[label]), abs=1e-4)
    assert case.squashed == pytest.approx(np.exp(probs) / np.exp(probs).sum(), abs=1e-5)
    assert (case.label, case.total, case.sum_weight) == (label, label + 7, 0.25)
    assert case.sum_value == pytest.approx(output.sum_value.item(), rel=1e-5)
    if output.sum_logits is None:
        assert case.sum_prob is None
    else:
        sums = output.sum_logits[0].softmax(0)
        assert case.sum_prob == pytest.approx(sums[label + 7].item(), abs=1e-6)


def test_in_the_table_each_answer_has_a_row_and_each_target_a_column(trained):
    case = broadcast_table(trained, IMAGE, 5, (0, 3, 6, 9))
    for row, column in np.ndindex(4, 4):
        difference = case.answers[row] - case.targets[column]
        assert case.table[row, column] == pytest.approx(difference)
        assert case.mean_table[row, column] == pytest.approx(9.5 - case.targets[column])
