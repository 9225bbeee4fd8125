"""A training step in ten lines, and what each published bug makes of one of them.

One example: `buggy_step("broadcast")` is the step whose eighth line lacks `.squeeze(1)`, and
`diff("broadcast")` are that line and the right one. It is the code of core/trainer.py and
core/model.py without their engines, for a page to show.
"""

STEP: tuple[str, ...] = (
    "images = normalize(batch.images)",
    "addends = torch.randint(10, batch.labels.shape)",
    "features = encoder(images)",
    "class_logits = class_head(features)",
    "class_probs = class_logits.softmax(1)",
    "answers = sum_head(torch.cat([class_probs, one_hot(addends)], 1))",
    "class_loss = cross_entropy(class_logits, batch.labels)",
    "sum_loss = mse_loss(answers.squeeze(1), batch.labels + addends)",
    "(class_loss + 0.003 * sum_loss).backward()",
    "report(validate(network, validation_images))",
)

# By the name of the bug: which line, from 0 on, and what stands there instead.
BUGGY_LINES: dict[str, tuple[int, str]] = {
    "broadcast": (7, "sum_loss = mse_loss(answers, batch.labels + addends)"),
    "softmax": (6, "class_loss = cross_entropy(class_logits.softmax(1), batch.labels)"),
    "shared-softmax": (
        4,
        "class_probs, sum_probs = torch.cat([class_logits, sum_logits], 1).softmax(1)"
        ".split([10, 19], 1)",
    ),
    "relu": (3, "class_logits = class_head(features).relu()"),
    "argmax": (4, "class_probs = one_hot(class_logits.argmax(1))"),
    "label": (0, "images = normalize(write_label(batch.images, batch.labels))"),
    "fixed-addend": (1, "addends = batch.images.sum((1, 2, 3)) % 10"),
    "seen-images": (9, "report(validate(network, training_images[:10_000]))"),
}


def buggy_step(bug: str) -> tuple[str, ...]:
    """The ten lines with that bug in them."""
    at, wrong = BUGGY_LINES[bug]
    return (*STEP[:at], wrong, *STEP[at + 1 :])


def diff(bug: str) -> str:
    """The line with the bug and the right one, as a diff writes them."""
    at, wrong = BUGGY_LINES[bug]
    return f"- {wrong}\n+ {STEP[at]}"
