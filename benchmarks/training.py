"""Seconds of training to 99 %: ours, the PyTorch examples' MNIST script, published network A.

    python benchmarks/training.py [--seeds N] [--bound EPOCHS] [--costs] [--plot FILE] [--json]
    python benchmarks/training.py --garments [--seeds N] [--json]    ours, Fashion-MNIST to 92 %

All in one run, on all cores, with the same images in memory: half of our trainings, the two others,
the rest of ours. The clock stops while the test images are read. For ours, it counts the operations
in the convolutions and matrix products of the network, forward and backward, and compares their
rate with the fastest matrix product that this machine does in the same number format.

--costs adds what an epoch costs by width, batch size, threads and number of images, and what a step
costs next to a busy process; --plot draws the first part as an SVG, in the tests' Chromium.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import time
from contextlib import closing
from dataclasses import replace
from itertools import islice, pairwise
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[1]))  # run as a file, it sees only its own folder

from core import dataset
from core.data import download
from core.engines import threads as sharding  # before torch: it says how torch's threads wait

# isort: split
import torch
from torch.utils.flop_counter import FlopCounterMode

from benchmarks import rivals
from core.dataset import Data
from core.engines.memory import keep_freed_memory
from core.engines.precision import has_bfloat16
from core.model import ModelConfig
from core.recipes.presets import PRESETS
from core.recipes.recipe import Recipe
from core.trainer import TrainConfig, losses, train, validate

QUICK = PRESETS["quick"].recipe
GARMENTS = Recipe(
    ModelConfig("fashion-mnist", convs=(1, 2, 2), sum_head="classification"),
    TrainConfig(epochs=5, lr=0.2, sum_weight=0.1, label_smoothing=0.05),
)
GOAL = 0.99
WIDTHS, BATCHES, IMAGES = (8, 16, 32), (64, 128, 256, 512), (1_000, 10_000, 60_000)
STEPS = 60  # timed for a cost


def fastest_product() -> float:
    """Floating-point operations per second in the fastest of some large matrix products."""
    kind = torch.bfloat16 if has_bfloat16() else torch.float32
    best = 0.0
    for size in (1024, 2048, 3072):
        a, b = (torch.randn(size, size).to(kind) for _ in range(2))
        for _ in range(6):
            start = time.perf_counter()
            a @ b
            best = max(best, 2 * size**3 / (time.perf_counter() - start))
    return best


def operations(recipe: Recipe, data: Data) -> float:
    """Floating-point operations for one image, forward and backward."""
    batch = next(dataset.batches(data.train, 64, torch.Generator()))
    model = recipe.build()
    with FlopCounterMode(display=False) as counter:
        class_loss, sum_loss = losses(model.sum_head, model(batch.images, batch.addends), batch)
        (class_loss + sum_loss).backward()
    return counter.get_total_flops() / len(batch.labels)


def ours(data: Data, recipe: Recipe) -> dict[str, float]:
    """One training, including its validations, and its test metrics."""
    model = recipe.build()
    times, validated = [time.perf_counter()], []
    for progress in recipe.fit(model, data):
        times.append(time.perf_counter())
        validated.append(progress.val is not None)
    seconds = times[-1] - times[0]
    steps = [later - earlier for earlier, later in pairwise(times)]
    usual = statistics.median(steps)
    extra = sum(step - usual for step, val in zip(steps, validated, strict=True) if val)
    test = validate(model, data.test, recipe.train.sum_weight)
    return {
        "seconds": seconds,
        "looks": extra / (seconds - extra),
        "class_acc": test.class_acc,
        "joint_acc": test.joint_acc,
        "epochs": recipe.train.epochs,
        "images": recipe.train.epochs * len(data.train.labels),
    }


def seeded(recipe: Recipe, seeds: int) -> list[Recipe]:
    """The recipe with seed 0, 1, ..."""
    return [replace(recipe, train=replace(recipe.train, seed=seed)) for seed in range(seeds)]


def rival(name: str, bound: int) -> dict[str, float]:
    """Somebody else's training to the goal, or to the bound, in a process of its own."""
    command = [sys.executable, rivals.__file__, name, str(GOAL), str(bound)]
    own = {key: value for key, value in os.environ.items() if key != "OMP_WAIT_POLICY"}
    found: dict[str, float] = json.loads(subprocess.check_output(command, env=own))
    return found


def race(data: Data, seeds: int, bound: int) -> dict[str, Any]:
    """All trainings to the goal, and how hard ours worked."""
    recipes = seeded(QUICK, seeds)
    peaks = [fastest_product()]
    all_ours = [ours(data, recipe) for recipe in recipes[: seeds // 2]]
    others = {name: rival(name, bound) for name in rivals.RIVALS}
    all_ours += [ours(data, recipe) for recipe in recipes[seeds // 2 :]]
    peaks.append(fastest_product())
    found: dict[str, Any] = {
        "ours": all_ours,
        **others,
        "peak": statistics.mean(peaks),
        "operations": operations(QUICK, data),
    }
    seconds = statistics.mean(run["seconds"] for run in all_ours)
    found["ratio"] = found["examples"]["seconds"] / seconds
    steps = cost(data, QUICK)
    found["share"] = found["operations"] * all_ours[0]["images"] / seconds / found["peak"]
    found["share of steps"] = found["operations"] * steps / found["peak"]
    return found


def cost(data: Data, recipe: Recipe) -> float:
    """Images per second, without validations."""
    size = recipe.train.batch_size
    few = data._replace(val=data.val.first(1))
    with closing(train(recipe.build(), few, recipe.train)) as steps:
        count = sum(1 for _ in islice(steps, 5))  # the first are the slowest
        start = time.perf_counter()
        count = sum(1 for _ in islice(steps, STEPS))
        return count * size / (time.perf_counter() - start)


def costs(data: Data) -> dict[str, dict[int, float]]:
    """Seconds for an epoch of 50,000, by width, batch size and threads; by images, for all."""
    everything = len(data.train.labels)
    threads = torch.get_num_threads()

    def epoch(**changed: int) -> float:
        return everything / cost(data, QUICK.change(changed))

    found = {
        "width": {width: epoch(width=width) for width in WIDTHS},
        "batch size": {size: epoch(batch_size=size) for size in BATCHES},
        "threads": {},
        "images": {},
    }
    for count in sorted({1, threads}):
        torch.set_num_threads(count)
        sharding.SHARDS = min(2, count)
        found["threads"][count] = epoch()
    sharding.SHARDS = 2
    whole = data.holding_out(0).train
    for count in IMAGES:
        some = data._replace(train=whole.first(count), val=data.val.first(1))
        found["images"][count] = ours(some, QUICK)["seconds"]
    return found


def next_to_a_busy_process(data: Data) -> dict[str, float]:
    """Milliseconds of a step while another process wants a core: in two shards, and in one."""
    found = {}
    busy = subprocess.Popen([sys.executable, "-c", "while True: pass"])
    try:
        for name, count in (("two shards", 2), ("operations split", 1)):
            sharding.SHARDS = count
            found[name] = 1000 * QUICK.train.batch_size / cost(data, QUICK)
    finally:
        sharding.SHARDS = 2
        busy.kill()
        busy.wait()
    return found


def spread(runs: list[dict[str, float]], key: str, scale: float, digits: int) -> str:
    """The mean of some runs, and from the lowest to the highest."""
    values = [scale * run[key] for run in runs]
    mean, low, high = (
        f"{value:.{digits}f}" for value in (statistics.mean(values), min(values), max(values))
    )
    return mean if len(values) == 1 else f"{mean} ({low} to {high})"


def show_ours(title: str, runs: list[dict[str, float]]) -> None:
    """The head of the table, and the row of our trainings."""
    print("| | seconds | epochs | class right | both right | images per second |")
    print("| --- | --- | --- | --- | --- | --- |")
    rate = statistics.mean(run["images"] / run["seconds"] for run in runs)
    print(
        f"| **ours, {title}**, {len(runs)} seeds | {spread(runs, 'seconds', 1, 1)} | "
        f"{runs[0]['epochs']} | {spread(runs, 'class_acc', 100, 2)} % | "
        f"{spread(runs, 'joint_acc', 100, 2)} % | {rate:,.0f} |"
    )


def show(found: dict[str, Any]) -> None:
    show_ours("`quick`", found["ours"])
    for name, title in (
        ("examples", "PyTorch examples' script"),
        ("published", "network A, published"),
    ):
        run = found[name]
        print(
            f"| {title} | {run['seconds']:.0f} | {run['epochs']} | {100 * run['class_acc']:.2f} % "
            f"| | {run['images'] / run['seconds']:,.0f} |"
        )
    print(
        f"\n{found['ratio']:.0f} times as fast as the examples' script. "
        f"{found['operations'] / 1e6:.1f} million operations an image: "
        f"{100 * found['share']:.0f} % of the {found['peak'] / 1e9:.0f} GFLOP/s that this machine "
        f"reaches in matrix products, {100 * found['share of steps']:.0f} % in its steps alone."
    )
    print(f"Validations add {spread(found['ours'], 'looks', 100, 0)} % to the time of training.")
    for name, values in found.get("costs", {}).items():
        cells = ", ".join(f"{value:,}: {seconds:.1f} s" for value, seconds in values.items())
        print(f"An epoch by {name}: {cells}")
    for name, milliseconds in found.get("busy", {}).items():
        print(f"A step next to a busy process, {name}: {milliseconds:.0f} ms")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seeds", type=int, default=5, help="trainings of ours")
    parser.add_argument("--garments", action="store_true", help="only ours, on Fashion-MNIST")
    parser.add_argument("--bound", type=int, default=6, help="epochs that the others get at most")
    parser.add_argument("--costs", action="store_true", help="also what an epoch costs")
    parser.add_argument("--plot", type=Path, help="draw the costs as an SVG")
    parser.add_argument("--json", action="store_true", help="one JSON object instead of tables")
    args = parser.parse_args()
    keep_freed_memory()
    try:
        data = dataset.load_data("fashion-mnist" if args.garments else "mnist")
    except download.DownloadError as error:
        parser.error(str(error))
    if args.garments:
        runs = [ours(data, recipe) for recipe in seeded(GARMENTS, args.seeds)]
        print(json.dumps(runs)) if args.json else show_ours("garments", runs)
        return
    found = race(data, args.seeds, args.bound)
    if args.costs or args.plot:
        found["costs"], found["busy"] = costs(data), next_to_a_busy_process(data)
    if args.plot:
        from benchmarks import plot

        args.plot.write_text(plot.costs(found["costs"]))
    if args.json:
        print(json.dumps(found))
    else:
        show(found)


if __name__ == "__main__":
    main()
