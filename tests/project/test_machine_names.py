"""Nothing in the project names the machine that it was made on, or what only that one can reach."""

import re
from pathlib import Path

import pytest

from tests.project.test_layout import name_of, tracked

HOME = re.compile(r"(?<![\w.~-])/(?:home|Users|root|work|mnt)/\w+")
# A package index of one's own, named in a file or an option: nobody else may reach it.
INDEX = re.compile(
    r"(?:index-url|find-links|registry)\s*[= ]\s*\S+|//(?:registry|pypi|deb)\.[\w.]+"
)


def test_no_file_names_a_machine_or_its_package_index():
    found = []
    for path in tracked():
        if path == Path(__file__) or not path.is_file():
            continue
        try:
            text = path.read_text(encoding="utf-8")
        except UnicodeDecodeError:
            continue  # a picture, weights
        found += [(name_of(path), match[0]) for match in HOME.finditer(text)]
        found += [(name_of(path), match[0]) for match in INDEX.finditer(text)]
    assert found == []


@pytest.mark.parametrize("text", ["/home/ada/data", "--index-url http://x", "registry=http://x"])
def test_a_machine_or_its_package_index_would_be_noticed(text):
    assert HOME.search(text) or INDEX.search(text)
