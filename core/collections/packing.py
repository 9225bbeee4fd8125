"""A data set of somebody's own as a file: it opens again here, and as pictures anywhere."""

import io
import zipfile

import msgspec
from PIL import Image

from core.collections.archive import NOTE
from core.collections.collection import Collection
from core.collections.facts import Facts

# Signs that a file system may not bear; their wide twins it does.
WIDE_TWINS = str.maketrans({sign: chr(ord(sign) + 0xFEE0) for sign in '/\\<>:"|?*'})


def pack_collection(collection: Collection) -> bytes:
    """The data set as a zip file that opens again here, and as a folder of pictures anywhere."""
    own = collection.spec.own
    assert own
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_STORED) as archive:
        archive.writestr(NOTE, msgspec.json.encode(Facts(own.title, own.kind)))
        for number, (image, label) in enumerate(
            zip(collection.images, collection.labels.tolist(), strict=True)
        ):
            picture = io.BytesIO()
            Image.fromarray(image).save(picture, "PNG")
            folder = folder_name(own.classes[label])
            archive.writestr(f"{folder}/{number:05}.png", picture.getvalue())
    return content.getvalue()


def folder_name(class_name: str) -> str:
    """The name of a class as the name of a folder, another one for each class."""
    name = class_name.translate(WIDE_TWINS)
    return f"\uff0e{name[1:]}" if name.startswith(".") else name  # or it would be hidden
