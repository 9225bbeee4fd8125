"""An address as a QR code: an SVG, dark on light in both themes, as cameras want it."""

import functools
import html

import segno


@functools.lru_cache(maxsize=64)
def code_uri(address: str) -> str:
    """The code as the address of a picture."""
    code = segno.make(address, error="l", micro=False)
    return str(code.svg_data_uri(border=4, dark="#000", light="#fff", omitsize=True))


def code_tag(address: str) -> str:
    """The code as an `<img>`."""
    return f'<img class="qr" alt="QR code of the link" src="{html.escape(code_uri(address))}">'
