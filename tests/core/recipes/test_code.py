"""The step in ten lines: each bug changes one of them, and the diff says which."""

import ast

import pytest

from core.recipes.bugs import BUGS
from core.recipes.code import BUGGY_LINES, STEP, buggy_step, diff

NAMES = [name for name in BUGS if name]


def test_every_bug_has_its_line():
    assert set(BUGGY_LINES) == set(NAMES)


@pytest.mark.parametrize("bug", NAMES)
def test_a_bug_changes_one_line_and_leaves_the_rest(bug):
    at, wrong = BUGGY_LINES[bug]
    changed = [number for number, line in enumerate(buggy_step(bug)) if line != STEP[number]]
    assert changed == [at]
    assert diff(bug) == f"- {wrong}\n+ {STEP[at]}"


@pytest.mark.parametrize("bug", NAMES)
def test_it_is_python(bug):
    ast.parse("\n".join(buggy_step(bug)))
