"""What a training starts from: nothing, or the encoder of a shipped network.

One example: 40 pictures of leaves are too few to learn what edges and corners are. The encoder of a
network that read 58,000 garments knows; the heads learn the leaves, and the encoder goes on
learning with them.
"""

from core.model import SumNet
from core.recipes.recipe import Recipe
from core.specs import find_spec
from core.storage import checkpoint

OF_DRAWINGS, OF_PHOTOS = "mnist", "fashion-late"  # presets whose encoders are lent


def build_to_train(recipe: Recipe) -> SumNet:
    """A new network, ready for its first step.

    Raises:
        CheckpointError: the shipped network that it starts from is not there.
    """
    model = recipe.ready().build()
    if recipe.train.start == "shipped":
        is_drawn = find_spec(recipe.model.dataset).is_drawn
        name = OF_DRAWINGS if is_drawn else OF_PHOTOS
        shipped, _ = checkpoint.load(checkpoint.WEIGHTS_DIR / name)
        model.encoder.load_state_dict(shipped.encoder.state_dict())
    return model
