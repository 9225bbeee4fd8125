"""The network, its data and its training, with no web page in sight.

Nothing here imports streamlit or plotly: the command line (`python -m core`), the worker, the
benchmarks and the pages in `views/` all stand on these modules. Read them in this order:
dataset, model, trainer, evaluation, presets, checkpoint, drawing, prediction, runs, worker.
"""
