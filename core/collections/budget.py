"""How much may be read of somebody's pictures in all, however often each is read.

One example: of 200 MB, a picture of 6 MB takes 6, also where it was read before to guess what kind
of pictures these are.
"""

from collections.abc import Hashable


class Budget:
    """Bytes for all pictures of an archive."""

    def __init__(self, total: int) -> None:
        self._left, self._sizes = total, dict[Hashable, int]()

    def room(self, picture: Hashable) -> int:
        """Bytes that a picture may have: what is left, or what it had before."""
        return self._sizes.get(picture, max(0, self._left))

    def take(self, picture: Hashable, size: int) -> bool:
        """Count a picture that was read; False where too little is left for it."""
        if picture in self._sizes:
            return True
        self._left -= size
        if self._left < 0:
            return False  # nor is there room for any after it
        self._sizes[picture] = size
        return True
