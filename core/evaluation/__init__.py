"""What a trained network can do: figures, answers, saliency, layers, losses.

Imports core.trainer, core.finetune and what they stand on; not core.recipes.
"""
