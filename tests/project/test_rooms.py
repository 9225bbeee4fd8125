"""What is written about the rooms, beside what their files import."""

import ast
import re

import pytest

from tests.support.layout import CORE, FLOOR, ROOT, VIEWS, module_of, rooms_used, source_of


def test_a_package_says_what_it_imports():
    for init in (path for path in (*CORE, *VIEWS) if path.name == "__init__.py"):
        room = module_of(init)
        used = set().union(*map(rooms_used, init.parent.glob("*.py")))
        *_, said = (ast.get_docstring(ast.parse(source_of(init))) or "").split("\n\n")
        named, *never = (
            set(re.findall(r"(?:core|views)\.\w+", part)) for part in said.split("not ")
        )
        assert not used & set().union(*never), room
        if room.startswith("views."):
            assert {other for other in used if other.startswith("views.")} == named, room
        elif "stand" in said or "built on" in said:
            assert max(map(FLOOR.__getitem__, used)) <= max(map(FLOOR.__getitem__, named)), room
        elif room.startswith("core."):
            assert used == named, room


@pytest.mark.parametrize(
    ("name", "start", "end"),
    [
        ("docs/architecture.md", "go one way", "No page imports"),
        ("CONTRIBUTING.md", "go one way", "`core/` computes"),
        ("core/__init__.py", "from the ground up", '"""'),
    ],
)
def test_a_map_of_the_rooms_leaves_none_out(name, start, end):
    _, _, drawn = (ROOT / name).read_text().partition(start)
    words = set(re.findall(r"\w+", drawn.partition(end)[0]))
    tops = ("core.",) if name.startswith("core") else ("core.", "views.")
    rooms = [
        room for room in FLOOR if room.startswith(tops) and (ROOT / room.replace(".", "/")).is_dir()
    ]
    assert not [room for room in rooms if room.partition(".")[2] not in words]
