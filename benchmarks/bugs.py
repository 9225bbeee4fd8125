"""What each published bug costs, over several seeds: the table of docs/published-bugs.md.

    python benchmarks/bugs.py                                   every bug, three seeds, two epochs
    python benchmarks/bugs.py --bugs broadcast shared-softmax   these two
    python benchmarks/bugs.py --seeds 1 --epochs 1 --json       one JSON object, no table

One recipe, the quick one of the Train page, without a bug and with each. All metrics are of the
test split with all ten numbers, 100,000 cases: the mean over the seeds, then the lowest and the
highest.
"""

import argparse
import json
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))  # run as a file, it sees only its own folder

import torch

from benchmarks.networks import METRICS, spread
from core.cli import train
from core.data import download
from core.recipes.bugs import BUGS
from core.recipes.presets import PRESETS
from core.specs import SPECS, data_dir
from core.storage.checkpoint import Card


def measure(name: str, epochs: int, seed: int) -> Card:
    """The card of a network that was trained with one bug, or with none of them."""
    settings = {"epochs": epochs, "seed": seed}
    recipe = PRESETS["quick"].recipe.change(settings).with_bug(name)
    card = train.train_and_save("quick", recipe, torch.device("cpu"), None, lambda progress: None)
    assert card  # only in a group of processes do some get none
    return card


def table(found: dict[str, list[Card]]) -> str:
    """The table of docs/published-bugs.md, in Markdown."""
    lines = [
        "| | class right | R2 of the sum | rounded sum right | both right |",
        "| --- | --- | --- | --- | --- |",
    ]
    for name, cards in found.items():
        title = f"`{name}`: {BUGS[name].title}"
        figures = [spread([card.figures[key] for card in cards], key) for key in METRICS]
        lines.append(f"| {' | '.join([title if name else 'no bug', *figures])} |")
    return "\n".join(lines)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    every = list(filter(None, BUGS))
    parser.add_argument("--bugs", nargs="+", choices=every, default=every)
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--epochs", type=int, default=2)
    parser.add_argument("--json", action="store_true", help="one JSON object instead of the table")
    args = parser.parse_args()
    download.download(SPECS["mnist"].files, data_dir())
    found = {
        name: [measure(name, args.epochs, seed) for seed in range(args.seeds)]
        for name in ["", *args.bugs]
    }
    if args.json:
        print(json.dumps({name: [c.report() for c in cards] for name, cards in found.items()}))
    else:
        print(table(found))


if __name__ == "__main__":
    main()
