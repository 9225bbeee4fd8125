"""Text from outside in Markdown: what Streamlit shows as it is, letter by letter.

One example: an error quotes a file that says `![x](http://e/x.png)`. As Markdown, that would fetch
a picture from elsewhere; `plain` makes it the same letters, and no picture. Everything that is not
written in our own code goes through it before it reaches `st.warning`, a caption or a label.
"""

import re

JOINER = "\N{WORD JOINER}"  # has no width; what it separates is no link, icon or emoji

_NUMBERED = re.compile(r"^(\d{1,9})([.)])(?=\s|$)")  # would be an item of a list
_MARKUP = re.compile(r"[\\*_~\[\]<>$|#&!]|^\s*[-+=]")
# :material/home:, http://x, www.x.com, me@x.com are found in the text after escapes are resolved.
_FOUND_LATER = re.compile(r":(?=\S)|www(?=\.)|@", re.IGNORECASE)


def plain(text: object) -> str:
    """A text on one line, as Markdown that shows it unchanged; `code` stays code.

    The text may come from anywhere.
    """
    line = " ".join(str(text).split())
    escaped = _MARKUP.sub(lambda found: "".join(f"\\{c}" for c in found[0].lstrip()), line)
    return _FOUND_LATER.sub(lambda found: found[0] + JOINER, _NUMBERED.sub(r"\1\\\2", escaped))
