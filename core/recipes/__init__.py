"""What to train: settings, recipes, presets, the published bugs and networks.

Imports core.trainer, core.finetune and what they are built on; not core.evaluation.
"""
