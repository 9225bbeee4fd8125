"""A data set of somebody's own as a file: it opens again here, and as pictures anywhere."""

import io
import re
import zipfile

import msgspec
from PIL import Image

from core.collections.archive import NOTE
from core.collections.collection import Collection
from core.collections.facts import Facts


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
            name = re.sub(r'[/\\<>:"|?*]', "_", own.classes[label])
            archive.writestr(f"{name}/{number:05}.png", picture.getvalue())
    return content.getvalue()
