"""What a trained network can do: metrics, answers, saliency, layers, losses.

Imports core.trainer, core.finetune and what they are built on; not core.recipes.
"""
