"""Tables of README.md and docs/ that are written from the code. `make docs` puts them in place.

One example: for each field of `Limits`, `limits()` has a row like

    | `SKETCH_SUM_RUN_STEPS` | steps of a run | 30,000 |

A document asks for a table in a comment that a reader of the page does not see; cog
(https://cog.readthedocs.io) runs the comment and writes what it returns below it.
"""

import ast
from collections.abc import Iterable, Sequence
from dataclasses import fields
from pathlib import Path

from streamlit.logger import set_log_level

from benchmarks import networks as cards
from core.recipes.bugs import BUGS
from core.recipes.presets import PRESETS
from core.recipes.settings import SETTINGS
from core.runs.limits import Limits, variable_of
from views.session.lessons import LESSONS as LESSONS
from views.session.link import HIDEABLE, LOCKABLE

ROOT = Path(__file__).parents[1]
APP = "http://localhost:8501"  # where `make demo` serves
ROOMS = ("core", "views")  # these and all packages in them


def networks() -> str:
    """The shipped networks over several seeds, beside the published ones."""
    return cards.table() + "\n"


def limits() -> str:
    """What one visitor may ask of the machine, with the variables that say so."""
    rows = [
        (f"`{variable_of(limit.name)}`", limit.metadata["what"], f"{limit.default:,.10g}")
        for limit in fields(Limits)
    ]
    return _table(("variable", "what it limits", "default"), rows)


def lessons() -> str:
    """The lessons as links into the app of `make demo`, with what each asks."""
    rows = [
        (
            f"[{lesson.title}]({APP}/{lesson.address.removeprefix('./')})",
            f"{lesson.minutes}",
            lesson.level,
            lesson.says,
        )
        for lesson in LESSONS.values()
    ]
    return _table(("lesson", "minutes", "level", "what a student does"), rows)


def parts() -> str:
    """The parts of the pages that a link for a class may leave out or lock."""
    set_log_level("ERROR")  # the caches of the pages warn that there is no server
    from views.frame.share import PART_LABELS

    rows = [
        (f"`{name}`", PART_LABELS[name], _yes(name in HIDEABLE), _yes(name in LOCKABLE))
        for name in dict.fromkeys((*HIDEABLE, *LOCKABLE))
    ]
    return _table(("name", "part", "`hide=`", "`lock=`"), rows)


def bugs() -> str:
    """The published bugs: name, what each is, and the settings that it brings along."""
    rows = [
        (
            f"`{bug.name}`",
            bug.title,
            bug.about,
            ", ".join(f"`{name}={value}`" for name, value in bug.needs.items()),
        )
        for bug in BUGS.values()
        if bug.name
    ]
    return _table(("name", "bug", "what it is", "sets"), rows)


def presets() -> str:
    """The presets, by what tells them apart."""
    shown = ("dataset", "fusion", "sum_head", "width", "epochs", "lr", "sum_weight")
    rows = []
    for preset in PRESETS.values():
        values = preset.recipe.settings()
        weights = "in `weights/`" if preset.shipped else "not shipped"
        rows.append(
            (f"`{preset.name}`", preset.title, *(str(values[name]) for name in shown), weights)
        )
    labels = (SETTINGS[name].label.lower() for name in shown)
    return _table(("preset", "title", *labels, "weights"), rows)


def settings() -> str:
    """The settings, with their bounds and what the quick recipe has."""
    usual = PRESETS["quick"].recipe.settings()
    rows = [
        (
            f"`--{name.replace('_', '-')}`",
            setting.label,
            setting.allowed,
            str(usual[name]),
            setting.help,
        )
        for name, setting in SETTINGS.items()
    ]
    return _table(("option", "setting", "allowed", "in `quick`", "what it does"), rows)


def rooms() -> str:
    """The packages by name, a line for core and one for views."""
    names = [_name(room) for room in _rooms()]
    lines = []
    for top in ("core", "views"):
        inner = [name.removeprefix(f"{top}/") for name in names if name.startswith(f"{top}/")]
        lines.append(f"- `{top}/`: {', '.join(f'`{name}/`' for name in inner)}")
    return "\n".join(lines)


def rooms_in_full() -> str:
    """The packages, with what each says of its imports, and its modules."""
    rows = []
    for room in _rooms():
        first, *rest = _paragraphs(room)
        modules = sorted(file.stem for file in room.glob("*.py") if file.stem != "__init__")
        whole = first if room.parent == ROOT else " ".join((first, *rest))
        rows.append((f"`{_name(room)}/`", whole, ", ".join(modules)))
    return _table(("package", "what it is, and may import", "modules"), rows)


def _rooms() -> list[Path]:
    found = (init.parent for top in ROOMS for init in (ROOT / top).glob("**/__init__.py"))
    return sorted(found)


def _name(room: Path) -> str:
    return room.relative_to(ROOT).as_posix()


def _paragraphs(room: Path) -> list[str]:
    """The docstring of a package, a line for each of its paragraphs."""
    text = ast.get_docstring(ast.parse((room / "__init__.py").read_text("utf-8"))) or ""
    return [" ".join(paragraph.split()) for paragraph in text.split("\n\n")]


def _yes(holds: bool) -> str:
    return "yes" if holds else ""


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Markdown; a bar within a cell would end it."""
    lines = [head, ["---"] * len(head), *([cell.replace("|", "\\|") for cell in r] for r in rows)]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)
