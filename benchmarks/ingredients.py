"""What each ingredient of a training brings, on validation images: the table of docs/benchmarks.md.

    python benchmarks/ingredients.py fashion-late                     every ingredient, three seeds
    python benchmarks/ingredients.py mnist residual cutout-8          these two
    python benchmarks/ingredients.py fashion-late shift-2+cutout-16   both at once
    python benchmarks/ingredients.py fashion-late --epochs 8 --width 16 --seeds 1 --json
    python benchmarks/ingredients.py mnist deeper --out out/tried     keeps out/tried/deeper-0, ...

The recipe of a preset, unchanged and with one thing changed at a time, or several. All 10,000
validation images are held out, and the test images are never read: this is how to choose.
"""

import argparse
import json
import statistics
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))  # run as a file, it sees only its own folder

import torch

from core.cli.progress import ProgressBar
from core.dataset import load_data
from core.engines.engine import choose_device
from core.evaluation.metrics import evaluate
from core.recipes.presets import PRESETS
from core.recipes.recipe import Recipe
from core.specs import VAL_SIZE
from core.storage import checkpoint
from core.storage.checkpoint import Card
from core.trainer import Scores


def model(**values: object) -> Callable[[Recipe], Recipe]:
    """A change of the network."""
    return lambda recipe: replace(recipe, model=replace(recipe.model, **values))  # type: ignore[arg-type]


def training(**values: object) -> Callable[[Recipe], Recipe]:
    """A change of the training."""
    return lambda recipe: replace(recipe, train=replace(recipe.train, **values))  # type: ignore[arg-type]


INGREDIENTS: dict[str, Callable[[Recipe], Recipe]] = {
    "as-it-is": training(),
    "plain": model(encoder="plain", convs=(1, 2, 2), dropout=0.2),
    "residual": model(encoder="residual", convs=(1, 1, 2), dropout=0.0),
    "cutout-8": training(cutout=8, erase=0.0),
    "cutout-16": training(cutout=16, erase=0.0),
    "nothing-erased": training(cutout=0, erase=0.0),
    "erasing": training(cutout=0, erase=0.5),
    "smoothing": training(label_smoothing=0.1),
    "no-smoothing": training(label_smoothing=0.0, temperature=1.0),
    "no-shift": training(shift=0),  # which mirrors no image, either
    "shift-1": training(shift=1),
    "shift-2": training(shift=2),
    "no-averages": training(ema=0.0),
    "half-the-rate": lambda recipe: training(lr=recipe.train.lr / 2)(recipe),
    "half-the-batch": lambda recipe: training(batch_size=recipe.train.batch_size // 2)(recipe),
    "half-the-decay": lambda recipe: training(weight_decay=recipe.train.weight_decay / 2)(recipe),
    "deeper": model(convs=(2, 2, 2)),
    "wider": lambda recipe: model(width=2 * recipe.model.width)(recipe),
    "twice-as-long": lambda recipe: training(epochs=2 * recipe.train.epochs)(recipe),
}


def mix(names: str, recipe: Recipe) -> Recipe:
    """A recipe with the ingredients of a "+" list, one after the other."""
    for name in names.split("+"):
        recipe = INGREDIENTS[name](recipe)
    return recipe


def measure(
    recipe: Recipe, device: torch.device, name: str, out: Path | None
) -> tuple[Scores, float]:
    """The scores on all validation images after the last step, and the seconds of training.

    The network is kept in `out`, for other benchmarks; its card has the same scores.
    """
    network, data = recipe.build().to(device), load_data(recipe.model.dataset)
    start = time.perf_counter()
    with ProgressBar("step") as bar:
        for progress in recipe.fit(network, data):
            bar.show(f"{name}, seed {recipe.train.seed}", progress.step, progress.steps)
    seconds = time.perf_counter() - start
    if out:
        metrics = evaluate(network.cpu(), data.val)
        card = Card.of(name, recipe, network, metrics, recipe.train.epochs, seconds)
        out.mkdir(parents=True, exist_ok=True)
        checkpoint.save(out / f"{name}-{recipe.train.seed}", network, card)
    assert progress.val  # the last step of all has been validated
    return progress.val, seconds


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("preset", choices=PRESETS)
    parser.add_argument("ingredients", nargs="*", metavar="INGREDIENT", help=", ".join(INGREDIENTS))
    parser.add_argument("--epochs", type=int, help="in the place of the preset's")
    parser.add_argument("--width", type=int, help="in the place of the preset's")
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--device", default="auto", choices=["auto", "cpu", "cuda", "mps"])
    parser.add_argument("--out", type=Path, metavar="DIR", help="where the networks are kept")
    parser.add_argument("--json", action="store_true", help="one JSON object instead of the table")
    args = parser.parse_args()
    asked = {part for name in args.ingredients for part in name.split("+")}
    if unknown := asked - set(INGREDIENTS):
        parser.error(f"{', '.join(unknown)}: there are {', '.join(INGREDIENTS)}")
    base = training(held_out=VAL_SIZE)(PRESETS[args.preset].recipe)
    base = training(epochs=args.epochs)(base) if args.epochs else base
    base = model(width=args.width)(base) if args.width else base
    device, found = choose_device(args.device), {}
    if not args.json:
        print("| | class right | both right | seconds |\n| --- | --- | --- | --- |")
    for name in args.ingredients or INGREDIENTS:
        recipe = mix(name, base)
        seeds = (training(seed=seed)(recipe) for seed in range(args.seeds))
        runs = [measure(seeded, device, name, args.out) for seeded in seeds]
        found[name] = [scores._asdict() | {"seconds": seconds} for scores, seconds in runs]
        if not args.json:
            classes, both = (
                f"{statistics.mean(values):.2%} ({min(values):.2%} to {max(values):.2%})"
                for values in zip(*((s.class_acc, s.joint_acc) for s, _ in runs), strict=True)
            )
            seconds = statistics.mean(seconds for _, seconds in runs)
            print(f"| {name} | {classes} | {both} | {seconds:.0f} |", flush=True)
    if args.json:
        print(json.dumps(found))


if __name__ == "__main__":
    main()
