"""The shipped networks over several seeds, next to the published ones they repair: README's table.

    python benchmarks/networks.py            the table, from the cards in weights/
    python benchmarks/networks.py --train    trains the seeds that have no card yet, then the table
    python benchmarks/networks.py --json

The weights of seed 0 are shipped (`make weights`); of other seeds only the cards are kept, in
weights/seeds/. All metrics are of the test split with all ten numbers, 100,000 cases.
"""

import argparse
import json
import subprocess
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))  # run as a file, it sees only its own folder

from core.recipes.presets import PRESETS
from core.recipes.published import PUBLISHED
from core.storage.checkpoint import WEIGHTS_DIR, Card, CheckpointError, read_card

SEEDS = 3
METRICS = {"class_acc": True, "sum_r2": False, "sum_acc": True, "joint_acc": True}  # in percent?
NONE = "not given"


def card_stem(preset: str, seed: int) -> Path:
    """Where the card of a preset and a seed is kept."""
    return WEIGHTS_DIR / preset if seed == 0 else WEIGHTS_DIR / "seeds" / f"{preset}-{seed}"


def cards(preset: str) -> list[Card]:
    """The cards that there are, by seed; the first one is of the weights that ship."""
    found = []
    for seed in range(SEEDS):
        try:
            found.append(read_card(card_stem(preset, seed)))
        except (OSError, CheckpointError):
            continue
    return found


def train_seed(preset: str, seed: int) -> None:
    """Train a seed as `make weights` does, and keep its card (of seed 0 the weights too)."""
    command = [sys.executable, "-m", "core", "train", "--preset", preset, "--seed", str(seed)]
    if seed == 0:
        subprocess.run(command, check=True)
        return
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run([*command, "--out", folder], check=True)
        stem = card_stem(preset, seed)
        stem.parent.mkdir(exist_ok=True)
        stem.with_name(f"{stem.name}.json").write_bytes(
            (Path(folder) / f"{preset}.json").read_bytes()
        )


def measured() -> dict[str, list[Card]]:
    """The cards of each shipped preset that has any."""
    named = {name: cards(name) for name, preset in PRESETS.items() if preset.shipped}
    return {name: found for name, found in named.items() if found}


def table() -> str:
    """The table of README, in Markdown."""
    lines = [
        "| network | class right | R2 of the sum | rounded sum right | both right | parameters "
        "| training |",
        "| --- | --- | --- | --- | --- | --- | --- |",
    ]
    for preset, found in measured().items():
        for published in PUBLISHED:
            if published.preset == preset:
                figures = [one(published.figures.get(name), name) for name in METRICS]
                cells = [f"{published.title}, published", *figures, NONE, NONE]
                lines.append(f"| {' | '.join(cells)} |")
        figures = [spread([card.figures[name] for card in found], name) for name in METRICS]
        minutes = found[0].train_seconds / 60  # the shipped network's
        seeds = "1 seed" if len(found) == 1 else f"{len(found)} seeds"
        cells = [f"**ours, `{preset}`**, {seeds}", *figures]
        cells += [f"{found[0].parameters:,}", f"{minutes:.0f} min"]
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines)


def one(value: float | None, name: str) -> str:
    if value is None:
        return NONE
    if not METRICS[name]:
        return f"{value:.4f}"
    return f"{100 * value:.2f} %" if value > 0.01 else f"{100 * value:.3f} %"


def spread(values: list[float], name: str) -> str:
    """The mean, and from the lowest to the highest."""
    mean = one(sum(values) / len(values), name)
    if len(values) == 1:
        return mean
    low, high = (one(value, name).removesuffix(" %") for value in (min(values), max(values)))
    return f"{mean} ({low} to {high})"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--train", action="store_true", help="train the seeds that are missing")
    parser.add_argument("--json", action="store_true", help="one JSON object instead of the table")
    args = parser.parse_args()
    if args.train:
        for preset in (name for name, preset in PRESETS.items() if preset.shipped):
            have = {card.seed for card in cards(preset)}
            for seed in range(SEEDS):
                if seed not in have:
                    train_seed(preset, seed)
    if args.json:
        print(json.dumps({name: [c.report() for c in found] for name, found in measured().items()}))
    else:
        print(table())


if __name__ == "__main__":
    main()
