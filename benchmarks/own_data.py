"""How long people's own pictures take: to be read by a process of its own, and to be learned.

    python benchmarks/own_data.py [--json]

200 pictures of ten shapes and letters, drawn in code, are read, learned by the recipe that the page
chooses and tested, for three seeds. Then 5,000 photos of them, a zip file of about 40 MB, are read.
The memory of the app is how much more this process took at its peak while it brought the pictures
and took the album. Readers have a low priority: on a busy machine they wait, so their processor
time, spread over two processes, says more.
"""

import argparse
import io
import json
import random
import resource
import sys
import tempfile
import time
import zipfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))  # run as a file, it sees only its own folder

import numpy as np
from PIL import Image

from core.collections.album import Album
from core.collections.collection import make_collection
from core.evaluation.metrics import evaluate
from core.library.reading import BroughtFile, begin_reading, poll_reading, take_result
from core.recipes.presets import own_recipe
from core.runs.queue import Visitor
from core.storage.start import build_to_train
from core.systems.cores import respect_cores
from tests.support.shapes import OUTLINES, draw_shape, shape_files, zipped

SEEDS = range(3)
FEW, MANY = 200, 5_000  # pictures
NOISE, QUALITY, SIDE = 6.0, 55, 320  # of a photo: about 8 KB
ASKER = Visitor("benchmark", "benchmark")


def photos(count: int) -> io.BytesIO:
    """A zip file of noisy photos of shapes."""
    rng, noise = random.Random(0), np.random.default_rng(0)
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_STORED) as archive:
        for name in OUTLINES:
            for number in range(count // len(OUTLINES)):
                shades = np.asarray(draw_shape(name, rng).resize((SIDE, SIDE)), np.float32)
                grainy = (shades + noise.normal(0, NOISE, shades.shape)).clip(0, 255)
                file = io.BytesIO()
                Image.fromarray(grainy.astype(np.uint8)).save(file, "JPEG", quality=QUALITY)
                archive.writestr(f"{name}/{number}.jpg", file.getvalue())
    content.seek(0)
    return content


def read(root: Path, content: io.BytesIO) -> tuple[Album, float]:
    """The album of a zip file, and how many seconds that took."""
    start = time.perf_counter()
    size = content.getbuffer().nbytes
    begin_reading(root, ASKER, [BroughtFile("shapes.zip", size, content)])
    while (state := poll_reading(ASKER.session)) is not None and not state.is_over:
        time.sleep(0.05)
    result = take_result(ASKER.session)
    assert result and result.album, result
    return result.album, time.perf_counter() - start


def peak() -> float:
    """The most memory that this process has had, in MB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e3


def reader_seconds() -> float:
    """Processor time of the readers so far."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def learn_few(root: Path) -> list[dict[str, float]]:
    """From upload to tested network, a row each seed."""
    rows = []
    for seed in SEEDS:
        album, reading = read(root, zipped(shape_files(FEW // len(OUTLINES), seed=seed)))
        start = time.perf_counter()
        collection = make_collection(album, key=album.key)
        recipe = own_recipe(collection.spec.name, collection.train_count).change({"seed": seed})
        model, data = build_to_train(recipe.ready()), collection.data()
        for _ in recipe.ready().fit(model, data):
            pass
        figures = evaluate(model.eval(), data.test).scalars()
        rows.append(
            {
                "seed": seed,
                "read_seconds": reading,
                "learn_seconds": time.perf_counter() - start,
                "class_acc": figures["class_acc"],
                "joint_acc": figures["joint_acc"],
            }
        )
    return rows


def read_many(root: Path) -> dict[str, float]:
    """What reading many pictures takes."""
    content = photos(MANY)
    megabytes = content.getbuffer().nbytes / 1e6
    before = peak()
    cpu = -reader_seconds()
    album, seconds = read(root, content)
    cpu += reader_seconds()
    return {
        "pictures": len(album),
        "zip_megabytes": megabytes,
        "read_seconds": seconds,
        "app_more_megabytes": peak() - before,
        "reader_cpu_seconds": cpu,
    }


def main() -> None:
    parser = argparse.ArgumentParser(description="Reading and learning people's own pictures.")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    respect_cores()
    with tempfile.TemporaryDirectory() as folder:
        many = read_many(Path(folder))
        few = learn_few(Path(folder))
    if options.json:
        print(json.dumps({"many": many, "few": few}))
        return
    for row in (many, *few):
        print("  ".join(f"{name} {value:.4g}" for name, value in row.items()))


if __name__ == "__main__":
    main()
