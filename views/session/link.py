"""What the address of a page may hold: choices, never weights.

    /?n=7&s=KpQLpG.JhIQRG&v=1   the number 7 and two pen strokes
    /?net=3f2a9c...&v=1         answered by the network of a finished run
    /?net=fashion-late&t=12&v=1 test image 12 of Fashion-MNIST
    /train?lr=0.3&seed=4&v=1    a recipe, where it differs from the quick one
    /train?bug=broadcast&v=1    with a published mistake put in
    /compare?c=mnist.3f2a9c...&view=sums&v=1
                                two networks side by side, and which view of them
    /train?run=3f2a9c...&vs=9b01e4...&v=1
                                a run, and behind its curves those of another one
    /explain?look=map&v=1       what the Explain page shows: the map
    /train?lock=lr&hide=bug.files&v=1
                                for a class: a control that is fixed, parts that are hidden
    /train?lr=30&task=rate&v=1  a lesson: the page says what to try
    /?present=1&v=1             twice as large, for a projector
    /?tour=3&v=1                the third step of the tour

The version stands last: chats cut a link, or leave its last characters out unless these are letters
or digits. A drawing is then read as far as it goes.

A link with a run's id carries the run's recipe too, for when the run is no longer kept.
Everything here comes from strangers. `parse_link` never raises: what is missing, out of bounds, too
long or of another version gives the default.

To add a parameter, add an attribute to `Link` and a row to `FIELDS`: every page then has it as
`session.link.NAME` and carries it in its address.
"""

import functools
import re
import string
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from core.data.drawing import CANVAS_SIDE, Strokes, significance
from core.recipes.bugs import BUGS
from core.recipes.presets import PRESETS
from core.recipes.settings import SETTINGS, SettingError, Value
from core.runs.run import RUN_ID

LINK_VERSION = "1"
# Characters; with everything else an address stays under 2,000. The longest address names each
# setting three times, to hide it, to fix it and with up to 20 characters of its value.
MAX_STROKES_TEXT = 1_736 - sum(3 * len(name) + 24 for name in SETTINGS)
MAX_OLD_TEXT = 1_600  # of links from before there was so much else
TOLERANCES = (1.5, 2, 3, 4, 6, 8, 12, 16, 24, 48, 96, 400)  # pixels that long lines may be off
ALPHABET = string.ascii_uppercase + string.ascii_lowercase + string.digits + "-_"  # base64url
# Whole points of strokes, then what is left of another one, or what a chat added to the end.
STROKES_TEXT = re.compile(
    r"(?P<whole>(([\w-]{3})+(\.([\w-]{3})+)*)?)(?P<rest>\.?[\w-]{0,2}[.,;:!?)\]>'\"]{0,3})",
    re.ASCII,
)
QUICK = PRESETS["quick"].recipe
DEFAULT_SETTINGS = QUICK.settings()
MAX_COMPARED = 4  # networks side by side
COMPARE_VIEWS = ("curves", "confusion", "sums", "reliability", "mistakes", "map")
EXPLAIN_LOOKS = ("ideas", "pass", "map", "fool", "break")

# For a class: what a link may hide, and which controls it may show but fix.
HIDEABLE = (
    *("pages", "sources", "examples", "number", "network", "seen", "teach", "bug", "files"),
    *("share", *SETTINGS),
)
LOCKABLE = ("number", "network", "bug", *SETTINGS)
LESSON_NAMES = (  # see lessons.py
    *("rate", "weight", "fusion", "bug", "misread", "teach"),
    *("few", "overfit", "fixed", "shift", "data"),
)
MAX_TOUR = 20  # steps that an address can name; the tour has fewer


@dataclass(frozen=True)
class Link:
    """The choices that a link carries."""

    addend: int = 7
    strokes: Strokes = ()
    network: str = "mnist"  # that answers: a shipped preset, or the id of a run
    picture: int | None = None  # a test image of the network's data set, instead of strokes
    run: str = ""  # id of the run that the Train page shows; "" is none
    settings: Mapping[str, Value] = field(default_factory=lambda: DEFAULT_SETTINGS)  # of a new run
    bug: str = ""  # in a new run; "" is none
    rival: str = ""  # id of the run that stands behind `run`; "" is none
    compared: tuple[str, ...] = ()  # networks side by side; () leaves it to the Compare page
    view: str = COMPARE_VIEWS[0]  # of them
    look: str = EXPLAIN_LOOKS[0]  # what the Explain page shows
    hidden: tuple[str, ...] = ()  # parts of the pages that are left out, in the order of HIDEABLE
    locked: tuple[str, ...] = ()  # controls that cannot be changed, in the order of LOCKABLE
    lesson: str = ""  # that the pages tell; "" is none
    present: bool = False  # are the pages as large as a projector needs them?
    tour: int = 0  # the step of the tour that the visitor is at, from 1 on; 0 is none


def parse_link(query: Mapping[str, str]) -> Link:
    """The link that the parameters of an address stand for."""
    if query.get("v", LINK_VERSION) != LINK_VERSION:
        return Link()
    found = {each.attribute: each.parse(query.get(each.parameter, "")) for each in FIELDS}
    return Link(settings=QUICK.change(_settings(query)).settings(), **found)


def link_query(link: Link) -> dict[str, str]:
    """The inverse of `parse_link`: parameters for an address, only those that are not default."""
    parameters = {
        each.parameter: each.write(value)
        for each in FIELDS
        if (value := getattr(link, each.attribute)) != getattr(Link, each.attribute)
    } | {
        name: str(value).removesuffix(".0")  # a page may give 4 as 4.0
        for name, value in QUICK.diff(link.settings).items()
    }
    said = {name: text for name, text in parameters.items() if text}
    return said | {"v": LINK_VERSION} if said else {}


@functools.lru_cache(maxsize=64)  # a page asks more than once
def strokes_in_link(strokes: Strokes) -> Strokes:
    """The strokes as an address has room for them: those of a very long drawing a little rougher.

    () when even straight lines are too many.
    """
    if _text_length(strokes) <= MAX_STROKES_TEXT:
        return strokes
    drawn = [(stroke, significance(stroke, TOLERANCES[0])) for stroke in strokes if stroke]
    for tolerance in TOLERANCES:
        rough = tuple(
            tuple(point for point, distance in zip(*each, strict=True) if distance > tolerance)
            for each in drawn
        )
        if _text_length(rough) <= MAX_STROKES_TEXT:
            return rough
    return ()


def _text_length(strokes: Strokes) -> int:
    """Of what `format_strokes` gives: three characters a point, dots between."""
    lengths = [3 * len(stroke) for stroke in strokes if stroke]
    return sum(lengths) + max(0, len(lengths) - 1)


def format_strokes(strokes: Strokes) -> str:
    """Strokes as text: three characters of 6 bits a point (9 bits x, 9 bits y), dots between.

    Points beside the canvas move to its edge.
    """
    return ".".join("".join(_pack(*point) for point in stroke) for stroke in strokes if stroke)


def parse_strokes(text: str) -> Strokes:
    """The inverse of `format_strokes`, in whole canvas pixels; () for anything else.

    A text that lacks its end, or has other characters there, is read as far as it goes.
    """
    found = STROKES_TEXT.fullmatch(text) if len(text) <= MAX_OLD_TEXT else None
    if not (found and found["whole"]):
        return ()
    strokes = tuple(
        tuple(_unpack(part[i : i + 3]) for i in range(0, len(part), 3))
        for part in found["whole"].split(".")
    )
    inside = all(x < CANVAS_SIDE and y < CANVAS_SIDE for stroke in strokes for x, y in stroke)
    return strokes if inside else ()


def is_cut(query: Mapping[str, str]) -> bool:
    """Does an address lack the end of its drawing? Our links name their version behind it."""
    text = query.get("s", "")
    found = STROKES_TEXT.fullmatch(text) if text and len(text) <= MAX_OLD_TEXT else None
    return bool(found and (found["rest"] or "v" not in query))


def _pack(*point: float) -> str:
    x, y = (min(CANVAS_SIDE - 1, max(0, round(at))) for at in point)
    bits = x << 9 | y
    return ALPHABET[bits >> 12] + ALPHABET[bits >> 6 & 63] + ALPHABET[bits & 63]


def _unpack(text: str) -> tuple[float, float]:
    bits = 0
    for character in text:
        bits = bits << 6 | ALPHABET.index(character)
    return float(bits >> 9), float(bits & 511)


def _addend(text: str) -> int:
    return int(text) if re.fullmatch("[0-9]", text) else Link.addend


def _format_drawing(strokes: Strokes) -> str:
    return format_strokes(strokes_in_link(strokes))


def _answering(text: str) -> str:
    return _network(text) or Link.network


def is_network_name(text: str) -> bool:
    """Can a network have this name? Whoever knows the name of a run may ask its network."""
    return bool(_network(text))


def _network(text: str) -> str:
    """The name of a network, or "" for anything else."""
    shipped = text in PRESETS and PRESETS[text].shipped
    return text if shipped else _run_id(text)


def _picture(text: str) -> int | None:
    return int(text) if re.fullmatch("[0-9]{1,4}", text) else None


def _run_id(text: str) -> str:
    return text if RUN_ID.fullmatch(text) else ""


def _bug(text: str) -> str:
    return text if text in BUGS else ""


def _compared(text: str) -> tuple[str, ...]:
    names = map(_network, text.split(".", MAX_COMPARED)[:MAX_COMPARED])
    return tuple(dict.fromkeys(filter(None, names)))


def _view(text: str) -> str:
    return text if text in COMPARE_VIEWS else Link.view


def _look(text: str) -> str:
    return text if text in EXPLAIN_LOOKS else Link.look


def _hidden(text: str) -> tuple[str, ...]:
    return _names(text, HIDEABLE)


def _locked(text: str) -> tuple[str, ...]:
    return _names(text, LOCKABLE)


def _names(text: str, known: tuple[str, ...]) -> tuple[str, ...]:
    """Those of the known names that stand in a text, separated by dots."""
    found = text.split(".") if len(text) <= MAX_OLD_TEXT else []
    return tuple(name for name in known if name in found)


def _lesson(text: str) -> str:
    return text if text in LESSON_NAMES else ""


def _tour(text: str) -> int:
    return min(MAX_TOUR, int(text)) if re.fullmatch("[0-9]{1,2}", text) else 0


def _settings(query: Mapping[str, str]) -> dict[str, Value]:
    """The settings that are there and within bounds."""
    found = {}
    for name, setting in SETTINGS.items():
        with suppress(SettingError):
            found[name] = setting.check(name, query.get(name))
    return found


class Field(NamedTuple):
    """A parameter of an address, and the choice that it carries."""

    parameter: str
    attribute: str  # of `Link`
    parse: Callable[[str], Any]  # gives the default for "" and for junk
    write: Callable[[Any], str]  # its inverse; "" for what does not fit into an address


# In the order of an address. The settings come after them, each under its own name.
FIELDS = (
    Field("n", "addend", _addend, str),
    Field("s", "strokes", parse_strokes, _format_drawing),
    Field("net", "network", _answering, str),
    Field("t", "picture", _picture, str),
    Field("run", "run", _run_id, str),
    Field("vs", "rival", _run_id, str),
    Field("bug", "bug", _bug, str),
    Field("c", "compared", _compared, ".".join),
    Field("view", "view", _view, str),
    Field("look", "look", _look, str),
    Field("hide", "hidden", _hidden, ".".join),
    Field("lock", "locked", _locked, ".".join),
    Field("task", "lesson", _lesson, str),
    Field("present", "present", "1".__eq__, lambda present: "1" if present else ""),
    Field("tour", "tour", _tour, str),
)
OWN_PARAMETERS = {"v", *(each.parameter for each in FIELDS), *SETTINGS}
