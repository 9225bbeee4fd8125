"""A look inside a network: how long each takes on one core, and how smoothly the pass is played.

    python benchmarks/inside.py [--times N] [--json]

What is computed is told in CPU time of one core, which other programs on the machine do not
change. The map is that of 2,000 test images, features and axes; a drawing is placed on it with its
rasterizing. The frames are those of the forward pass while it plays, in a real Chromium whose CPU
is throttled to a quarter: the longest waits between two of them count, and not the mean alone.
"""

import argparse
import json
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))  # run as a file, it sees only its own folder

import torch

from core import dataset
from core.data.drawing import rasterize
from core.evaluation.saliency import saliency
from core.inspection.damage import damage, score, weighted_layers
from core.inspection.flip import find_flip
from core.inspection.forward_pass import forward_pass
from core.inspection.network_map import encode_images, map_network
from core.specs import SPECS
from core.storage import checkpoint
from tests.browser.support import driver
from tests.browser.support.app import serve
from tests.browser.support.driver import open_page, wait_until_idle

THROTTLED = 4  # times slower
# Resolves to the milliseconds between the frames of so many seconds.
FRAMES = """(seconds) => new Promise(done => {
    const gaps = [];
    let last = performance.now();
    const end = last + 1000 * seconds;
    const look = (now) => {
        gaps.push(now - last);
        last = now;
        now < end ? requestAnimationFrame(look) : done(gaps);
    };
    requestAnimationFrame(look);
})"""
PLAYED = 12  # seconds


def computed(times: int) -> dict[str, list[float]]:
    """Seconds of CPU of each look, for the network that reads MNIST."""
    torch.set_num_threads(1)
    split = dataset.load_test_split("mnist")
    model, _ = checkpoint.load(checkpoint.WEIGHTS_DIR / "mnist")
    spec = SPECS["mnist"]
    found = map_network(model, split)  # imports what it needs
    image, layer = split.images[0, 0].numpy(), next(iter(weighted_layers(model)))

    def place() -> None:
        form = spec.form(rasterize(spec.example))
        pixels = torch.from_numpy(form).view(1, 1, *form.shape)
        found.place(encode_images(model, pixels, torch.tensor([7])).values)

    garments, _ = checkpoint.load(checkpoint.WEIGHTS_DIR / "fashion-late")
    looks: dict[str, Callable[[], object]] = {
        "the map of 2,000 images": lambda: map_network(model, split),
        "the same of the residual network": lambda: map_network(garments, split),
        "a drawing placed on it": place,
        "what each part says": lambda: saliency(model, image, 7),
        "the least change that flips": lambda: find_flip(model, image, 7),
        "a damaged layer, 1,000 images": lambda: score(damage(model, layer, "zero", 0.3), split),
        "the numbers of a forward pass": lambda: forward_pass(model, image, 7),
    }
    return {what: [_seconds(look) for _ in range(times)] for what, look in looks.items()}


def _seconds(look: Callable[[], object]) -> float:
    began = time.process_time()
    look()
    return time.process_time() - began


def frames() -> list[float]:
    """Milliseconds between the frames of the page while the forward pass plays."""
    with (
        tempfile.TemporaryDirectory() as folder,
        serve(Path(folder)) as app,
        driver.chromium() as browser,
    ):
        page = open_page(browser, f"{app.url}/explain?look=pass&v=1")
        wait_until_idle(page)
        session = page.context.new_cdp_session(page)
        session.send("Emulation.setCPUThrottlingRate", {"rate": THROTTLED})
        page.get_by_role("button", name="Play", exact=True).click()
        gaps: list[float] = page.evaluate(FRAMES, PLAYED)
    return gaps[1:]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--times", type=int, default=9, help="of each")
    parser.add_argument("--json", action="store_true", help="one JSON object instead of a table")
    args = parser.parse_args()
    took, gaps = computed(args.times), frames()
    rate = 1000 * len(gaps) / sum(gaps)
    slow = sum(gap > 1000 / 30 for gap in gaps) / len(gaps)
    if args.json:
        print(json.dumps({"seconds": took, "frames_per_second": rate, "gaps": gaps}))
        return
    print("| one core | ms of CPU, median (slowest) |")
    print("| --- | --- |")
    for what, seconds in took.items():
        median, most = 1000 * statistics.median(seconds), 1000 * max(seconds)
        print(f"| {what} | {median:.0f} ({most:.0f}) |")
    print(
        f"\nThe forward pass, CPU throttled {THROTTLED} times: {rate:.0f} frames a second, "
        f"longest wait {max(gaps):.0f} ms, {100 * slow:.1f} % of frames later than 1/30 s"
    )


if __name__ == "__main__":
    main()
