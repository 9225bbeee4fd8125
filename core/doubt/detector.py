"""How a finished network gets its ink detector, and how that learns to accept somebody's style.

    digits ------ encoder, frozen --+--> ink detector --> one digit, several, or something else
    other ink --- encoder, frozen --+

Ink of no class in the training is outlier exposure (D. Hendrycks, M. Mazeika, T. Dietterich, "Deep
Anomaly Detection with Outlier Exposure", ICLR 2019). The network itself does not change, so no
answer of it gets worse.
"""

import functools

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from core import dataset
from core.data.augment import augment
from core.data.drawing import Pixels
from core.data.photo import FAINT_INK
from core.dataset import Data
from core.doubt.outliers import draw_digits, draw_others, draw_several
from core.engines.optimizer import refit_layer
from core.engines.threads import parallel_map
from core.heads import INK_KINDS, InkDetector
from core.model import Dropout, SumNet, give_dropout
from core.specs import SPECS, DatasetSpec
from core.trainer import EVAL_BATCH

DIGITS = 36_000  # images of one digit; a third of them is written by core/data/handwriting.py
WRITTEN_SHARE = 1 / 3
OUTLIERS = 56_000  # images of ink that is not one digit
SEVERAL_SHARE = 0.45  # of the outliers are several digits,
GARMENT_SHARE = 0.1  # and so many are from a data set of other things
BENDING = 0.5  # of half of all images, see core/data/augment.py

EPOCHS, BATCH, LR, DROPOUT, DECAY = 12, 512, 2e-3, 0.2, 1e-2

SAMPLE = 8_000  # images that tell mean and spread of what the encoder sees
HELD_TO = 600  # outliers that a detector is held to while it learns to accept examples


def add_detector(model: SumNet, data: Data, seed: int) -> None:
    """Give `model`, which reads the digits of `data` and is finished, an ink detector.

    Raises:
        DownloadError: a data set of other pictures is missing and could not be downloaded.
    """
    model.eval()
    torch.manual_seed(seed)  # of its first weights
    rng = np.random.default_rng(seed)
    order = torch.Generator().manual_seed(seed)
    written = draw_digits(round(WRITTEN_SHARE * DIGITS), rng)
    chosen = torch.randperm(len(data.train.labels), generator=order)[: DIGITS - len(written)]
    real = data.train.images[chosen, 0].numpy()
    several = draw_several(round(SEVERAL_SHARE * OUTLIERS), data.train.images[:, 0].numpy(), rng)
    garments = _garments(round(GARMENT_SHARE * OUTLIERS), data.spec)
    others = draw_others(OUTLIERS - len(several) - len(garments), rng)
    pictures = [np.concatenate([real, written]), several, np.concatenate([garments, others])]
    seen = torch.cat([look(model, _half_distorted(part, order)).half() for part in pictures])
    counts = torch.tensor([len(part) for part in pictures])
    kinds = torch.arange(len(INK_KINDS)).repeat_interleave(counts)
    _fit(model.add_ink_detector(), seen, kinds, seed)


def _half_distorted(images: Pixels, rng: torch.Generator) -> Tensor:
    """The images (N, 28, 28), half of them bent and turned: (N, 1, 28, 28)."""
    pictures = _as_tensor(images).float()
    chosen = torch.randperm(len(pictures), generator=rng)[: len(pictures) // 2]
    pictures[chosen] = augment(pictures[chosen], BENDING, mirrored=False, rng=rng)
    return pictures


def _garments(count: int, spec: DatasetSpec) -> Pixels:
    """Pictures of other things, from data sets that are not of digits, in the form of `spec`."""
    others = [name for name, other in SPECS.items() if not other.is_digits]
    images = [dataset.load_data(name).train.images[: count // len(others), 0] for name in others]
    return np.stack([in_form_of(spec, image) for image in torch.cat(images).numpy()])


def in_form_of(spec: DatasetSpec, image: Pixels) -> Pixels:
    """A picture of another data set, (28, 28), in the form that the page would give it."""
    fitted = spec.form(np.where(image < FAINT_INK * 255, 0, image).astype(np.uint8))
    return image if fitted is None else fitted


def _as_tensor(images: Pixels) -> Tensor:
    return torch.from_numpy(images)[:, None]


def look(model: SumNet, images: Tensor) -> Tensor:
    """What the encoder sees in images (N, 1, 28, 28), as an ink detector gets it: (N, seen).

    The last columns are the features.
    """

    @torch.no_grad()
    def look_at(part: Tensor) -> Tensor:
        return model.encoder.look(model.normalize(part))[0]

    return torch.cat(parallel_map(look_at, images.split(EVAL_BATCH)))


def _fit(detector: InkDetector, seen: Tensor, kinds: Tensor, seed: int) -> None:
    """Train a detector on what the encoder sees, (N, seen), and which kind that is, int64 (N,)."""
    rng = torch.Generator().manual_seed(seed)
    some = seen[torch.randperm(len(seen), generator=rng)[:SAMPLE]].float()
    mean, spread = some.mean(0), some.std(0) + 0.1
    net = nn.Sequential(
        Dropout(DROPOUT), detector.hidden, nn.ReLU(), Dropout(DROPOUT), detector.kind
    )
    give_dropout(net.train(), rng)
    optimizer = torch.optim.AdamW(net.parameters(), LR, weight_decay=DECAY, foreach=True)
    steps = EPOCHS * -(-len(kinds) // BATCH)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, LR, total_steps=steps)
    for _ in range(EPOCHS):
        for index in torch.randperm(len(kinds), generator=rng).split(BATCH):
            optimizer.zero_grad()
            logits = net((seen[index].float() - mean) / spread)
            F.cross_entropy(logits, kinds[index]).backward()
            optimizer.step()
            schedule.step()
    with torch.no_grad():  # from now on its weights normalize
        detector.hidden.weight.div_(spread)
        detector.hidden.bias.sub_(detector.hidden.weight @ mean)


# --- somebody's style


def accept_examples(model: SumNet, kept: Tensor, examples: Tensor) -> None:
    """Let the ink detector of `model` take `examples` for digits, and judge all else as before.

    Both are what the encoder sees, (N, seen): `kept` in digits, `examples` in those of somebody's
    style. As in core/finetune.py, only the last layer changes, and it is held to its answers.
    """
    detector = model.ink_detector
    if detector is None:
        return
    with torch.no_grad():
        old = torch.cat([kept, look(model, _few_outliers())])
        old, new = detector.hidden(old).relu(), detector.hidden(examples).relu()
    one_digit = torch.zeros(len(new), dtype=torch.int64)
    refit_layer(detector.kind, old, new, one_digit)


@functools.cache
def _few_outliers() -> Tensor:
    """Some ink that is not one digit, to hold a detector to."""
    rng = np.random.default_rng(0)
    several = draw_several(round(SEVERAL_SHARE * HELD_TO), draw_digits(100, rng), rng)
    return _as_tensor(np.concatenate([several, draw_others(HELD_TO - len(several), rng)]))
