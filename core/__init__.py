"""The network, its data and its training, with no web page in sight.

Nothing here imports streamlit or plotly. The rooms, from the ground up:

    errors, data, specs, dataset   what is told to people; bytes and pixels; the data sets
    heads, model                   the network
    engines, trainer, finetune     who computes a batch; training; learning somebody's handwriting
    recipes, evaluation            what to train; what a trained network can do
    storage                        what is on disk
    runs, forecast, workers        a training as a job; how long it takes; who does jobs
    cli                            python -m core
"""

import os
from pathlib import Path

VERSION = "0.1.0"
# The checkout: weights/ is in it and, by default, data/ and runs/.
PROJECT = Path(__file__).parents[1]

# Before torch is imported: its threads would spin while they wait for each other. That is fine
# alone on a machine; beside a second busy process they spin away each other's time.
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
