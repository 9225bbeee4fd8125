"""The network, its data and its training, with no web page in sight.

Nothing here imports streamlit or plotly. The rooms, from the ground up:

    errors, systems                what is told to people; what differs between systems
    data, specs, dataset           bytes and pixels; the data sets
    collections                    data sets of people's own
    heads, encoders, model         the network
    engines, trainer               who computes a batch; training
    doubt, finetune                what is no digit; learning somebody's handwriting
    recipes, evaluation            what to train; what a trained network can do
    inspection                     what goes on inside of it
    storage, runs, library         what is on disk; a training as a job; people's own data sets
    forecast, jobs, cluster        how long it takes; what is done with a run; other computers
    workers, cli                   who does jobs; python -m core
"""

import os
from pathlib import Path

VERSION = "0.1.0"
# The checkout: weights/ is in it and, by default, data/ and runs/.
PROJECT = Path(__file__).parents[1]

# Before torch is imported: its threads would spin while they wait for each other. That is fine
# alone on a machine; beside a second busy process they spin away each other's time.
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
