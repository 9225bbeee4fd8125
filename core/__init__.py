"""The network, its data and its training, with no web page in sight.

Nothing here imports streamlit or plotly: the command line (`python -m core`), the worker, the
benchmarks and the pages in `views/` all stand on these modules. Read them in this order:
dataset, model, trainer, evaluation, recipe, presets, checkpoint, drawing, pen, prediction,
saliency, teach, link, runs, limits, line, rescue, worker, process.
"""

import os
from pathlib import Path

VERSION = "0.1.0"
PROJECT = Path(__file__).parents[
    1
]  # the checkout: weights/ is in it and, by default, data/ and runs/

# Before torch is imported: its threads would spin while they wait for each other. That is fine
# alone on a machine; beside a second busy process they spin away each other's time.
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
