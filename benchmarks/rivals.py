"""The trainings that ours is timed against, as published; each epoch is one `next`.

They get what they never had: the images resident in memory and normalized once, so that only the
network and its optimizer are compared. benchmarks/training.py runs each as a process of its own.
"""

import json
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import torch
from torch import Tensor, nn
from torch.nn import functional as F

sys.path.insert(0, str(Path(__file__).parents[1]))  # run as a file, it sees only its own folder

from core import dataset
from core.dataset import Data, Split
from core.specs import ADDENDS, CLASSES, SPECS

BATCH = 64  # of both
SPEC = SPECS["mnist"]


def normalized(images: Tensor) -> Tensor:
    """Floats (N, 1, 28, 28), as both normalize them."""
    return (images.float() / 255 - SPEC.mean) / SPEC.std


class ExampleNet(nn.Sequential):
    """The network of the PyTorch examples' MNIST script (pytorch/examples, mnist/main.py)."""

    def __init__(self) -> None:
        super().__init__(
            *(nn.Conv2d(1, 32, 3), nn.ReLU(), nn.Conv2d(32, 64, 3), nn.ReLU()),
            *(nn.MaxPool2d(2), nn.Dropout(0.25), nn.Flatten()),
            *(nn.Linear(9216, 128), nn.ReLU(), nn.Dropout(0.5), nn.Linear(128, CLASSES)),
            nn.LogSoftmax(1),
        )


def example(data: Data, seed: int) -> Iterator[nn.Module]:
    """Adadelta at 1.0, times 0.7 after each epoch, on all 60,000 training images."""
    torch.manual_seed(seed)
    model = ExampleNet()
    optimizer = torch.optim.Adadelta(model.parameters(), 1.0)
    images, labels = data.holding_out(0).train
    images = normalized(images)
    while True:
        model.train()
        for index in torch.randperm(len(labels)).split(BATCH):
            optimizer.zero_grad()
            F.nll_loss(model(images[index]), labels[index]).backward()
            optimizer.step()
        for group in optimizer.param_groups:
            group["lr"] *= 0.7
        yield model.eval()


class NetworkA(nn.Module):
    """Published network A: three convolutions, the number through an MLP, a ReLU on the logits."""

    def __init__(self) -> None:
        super().__init__()
        layers: list[nn.Module] = []
        for inputs, outputs in ((1, 32), (32, 64), (64, 128)):
            layers += [nn.Conv2d(inputs, outputs, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2)]
        self.image = nn.Sequential(
            *layers,
            nn.Flatten(),
            *(nn.Linear(128 * 9, 128), nn.ReLU(), nn.Linear(128, 64), nn.ReLU()),
            nn.Linear(64, CLASSES),
        )
        self.number = nn.Sequential(nn.Linear(2, 10), nn.ReLU(), nn.Linear(10, 10))
        self.sum = nn.Linear(20, 1)

    def forward(self, images: Tensor) -> Tensor:
        """The class logits, for `accuracy`."""
        logits: Tensor = self.image(images)
        return logits

    def both(self, images: Tensor, numbers: Tensor) -> tuple[Tensor, Tensor]:
        logits = self.image(images)
        return logits, self.sum(torch.cat([logits.relu(), self.number(numbers)], 1))


def published(data: Data, seed: int) -> Iterator[nn.Module]:
    """Adam at 1e-3, cross-entropy plus a squared error of [64, 1] against [64]: its bug and all."""
    torch.manual_seed(seed)
    model = NetworkA()
    optimizer = torch.optim.Adam(model.parameters(), 1e-3)
    images, labels = normalized(data.train.images), data.train.labels
    while True:
        model.train()
        for index in torch.randperm(len(labels)).split(BATCH):
            addends = torch.randint(ADDENDS, index.shape)
            numbers = torch.stack([addends, labels[index]], 1).float()  # the label leaks in
            logits, sums = model.both(images[index], numbers)
            column, row = sums, (labels[index] + addends).float()
            loss = F.cross_entropy(logits, labels[index]) + (column - row).square().mean()
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
        yield model.eval()


@torch.inference_mode()
def accuracy(model: nn.Module, test: Split) -> float:
    parts = normalized(test.images).split(500)
    answers = torch.cat([model(part).argmax(1) for part in parts])
    return (answers == test.labels).double().mean().item()


RIVALS = {"examples": example, "published": published}


def race(name: str, goal: float, bound: int) -> dict[str, float]:
    """Epoch after epoch to a test accuracy, or the bound. No clock runs during the test."""
    data = dataset.load_data("mnist")
    epochs = RIVALS[name](data, 0)
    images = {"examples": 60_000, "published": 50_000}[name]
    seconds, reached, epoch = 0.0, 0.0, 0
    while reached < goal and epoch < bound:
        start = time.perf_counter()
        model = next(epochs)
        seconds += time.perf_counter() - start
        reached = accuracy(model, data.test)
        epoch += 1
    return {"seconds": seconds, "class_acc": reached, "epochs": epoch, "images": epoch * images}


if __name__ == "__main__":
    print(json.dumps(race(sys.argv[1], float(sys.argv[2]), int(sys.argv[3]))))
