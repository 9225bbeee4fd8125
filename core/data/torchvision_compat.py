"""Import torchvision next to a torch that it was not built for.

The usual torchvision wheel is built for CUDA. Next to a CPU torch its compiled operators cannot
load, and `import torchvision` fails with "operator torchvision::nms does not exist" when it
attaches shape rules to two of them. We only use data sets and transforms, never those operators,
so it is enough to declare the two names: nothing large to install, and nothing we call is missing.
"""

from types import ModuleType
from typing import Any

MISSING_OPERATORS = ("nms", "qnms")
SIGNATURE = "(Tensor dets, Tensor scores, float iou_threshold) -> Tensor"  # torchvision's own

_declared: list[Any] = []  # torch forgets the names when the Library that holds them is collected


def import_torchvision() -> ModuleType:
    """torchvision, with its data sets and transforms working; seconds the first time."""
    try:
        import torchvision
    except RuntimeError as error:
        if "torchvision::nms" not in str(error) or _declared:
            raise
        _declare()
        import torchvision
    return torchvision  # type: ignore[no-any-return]


def _declare() -> None:
    from torch.library import Library

    library = Library("torchvision", "FRAGMENT")
    for name in MISSING_OPERATORS:
        library.define(name + SIGNATURE)
    _declared.append(library)
