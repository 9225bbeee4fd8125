"""The rooms, from the ground up, and what each file imports, read from the source."""

import ast
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parents[2]
CORE = sorted(ROOT.glob("core/**/*.py"))
VIEWS = sorted(ROOT.glob("views/**/*.py"))
ENTRY = ROOT / "streamlit_app.py"

# The order of the rooms, from the ground up: each may import those above its line in this table.
# A module that lies in no room is one of its own.
FLOORS: tuple[set[str], ...] = (
    {"core"},  # the package itself: its version, where it lies
    {"core.errors"},
    {"core.systems"},
    {"core.data"},
    {"core.specs"},
    {"core.dataset"},
    {"core.collections"},
    {"core.heads", "core.encoders"},
    {"core.model"},
    {"core.engines"},
    {"core.trainer"},
    {"core.doubt"},
    {"core.finetune"},
    {"core.recipes", "core.evaluation"},
    {"core.inspection"},
    {"core.storage"},
    {"core.runs"},
    {"core.library"},
    {"core.forecast"},
    {"core.jobs"},
    {"core.cluster"},
    {"core.workers"},
    {"core.cli"},
    {"core.__main__"},
    {"views"},
    {"views.document"},
    {"views.server"},
    {"views.session"},
    {"views.ui"},
    {"views.guide"},
    {"views.frame"},
    {"views.input"},
    {"views.inside"},
    {f"views.{page.parent.name}" for page in ROOT.glob("views/*/page.py")},  # no page knows another
    {"views.live"},
    {"views.app"},
    {"views.startup"},
    {"views.__main__"},
    {"views.script"},
    {"streamlit_app"},
)
FLOOR = {room: floor for floor, rooms in enumerate(FLOORS) for room in rooms}


@cache
def source_of(path: Path) -> str:
    """What a file says; read once for all tests."""
    return path.read_text()


@cache
def imported(source: str) -> set[str]:
    """Every module that a file imports, wherever in it, with its parents: `a.b` gives a, a.b."""
    names: set[str] = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            names |= {node.module, *(f"{node.module}.{alias.name}" for alias in node.names)}
    parts = [name.split(".") for name in names]
    return {".".join(part[:end]) for part in parts for end in range(1, len(part) + 1)}


def module_of(path: Path) -> str:
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def room_of(module: str) -> str | None:
    """The room that a module of ours lies in; None for a module that is not ours."""
    names = module.split(".")
    found = [".".join(names[:end]) for end in range(len(names), 0, -1)]
    return next((name for name in found if name in FLOOR), None)


def rooms_used(path: Path) -> set[str]:
    """The other rooms that a file imports, without the packages on the way to them."""
    own = room_of(module_of(path))
    used = {room for name in imported(source_of(path)) if (room := room_of(name))}
    return {room for room in used if room not in ("core", "views", own)}
