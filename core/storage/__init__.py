"""What is on disk: checkpoints, bundles, histories, snapshots, ONNX.

Imports core.recipes, core.evaluation and what they stand on; torch only where it must.
"""
