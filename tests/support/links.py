"""What hypothesis puts into links: choices within bounds, and junk."""

from hypothesis import strategies as some

from core.data.drawing import CANVAS_SIDE
from core.recipes.bugs import BUGS
from core.recipes.presets import PRESETS
from core.recipes.settings import SETTINGS
from tests.core.recipes.test_recipe import valid_settings
from views.session.link import (
    COMPARE_VIEWS,
    EXPLAIN_LOOKS,
    FIELDS,
    HIDEABLE,
    LESSON_NAMES,
    LOCKABLE,
    MAX_COMPARED,
    Link,
)

RUN = "0123456789abcdef"

pixels = some.integers(0, CANVAS_SIDE - 1).map(float)

strokes = some.lists(
    some.lists(some.tuples(pixels, pixels), min_size=1, max_size=20).map(tuple), max_size=10
).map(tuple)


def subsets(names: tuple[str, ...]) -> some.SearchStrategy[tuple[str, ...]]:
    chosen = some.sets(some.sampled_from(names))
    return chosen.map(lambda some_names: tuple(n for n in names if n in some_names))


run_ids = some.text("0123456789abcdef", min_size=16, max_size=16)

networks = run_ids | some.sampled_from([name for name in PRESETS if PRESETS[name].shipped])

links = some.builds(
    Link,
    addend=some.integers(0, 9),
    strokes=strokes,
    network=networks,
    picture=some.none() | some.integers(0, 9_999),
    run=some.just("") | run_ids,
    rival=some.just("") | run_ids,
    settings=valid_settings,
    bug=some.sampled_from(list(BUGS)),
    compared=some.lists(networks, max_size=MAX_COMPARED, unique=True).map(tuple),
    view=some.sampled_from(COMPARE_VIEWS),
    look=some.sampled_from(EXPLAIN_LOOKS),
    hidden=subsets(HIDEABLE),
    locked=subsets(LOCKABLE),
    lesson=some.sampled_from(["", *LESSON_NAMES]),
    present=some.booleans(),
)

keys = ["v", *(each.parameter for each in FIELDS), "x"]

names = some.sampled_from([*keys, *SETTINGS]) | some.text(max_size=3)

dotted = some.sampled_from([f"{name}.{RUN}.é.{part}" for name in PRESETS for part in HIDEABLE])

likely = some.sampled_from(
    [
        *LESSON_NAMES,
        *BUGS,
        *COMPARE_VIEWS,
        *EXPLAIN_LOOKS,
        *HIDEABLE,
        "1",
        "v=1",
        RUN,
        "A" * 3_000,
        "Rg8.Rg8",
    ]
)

numbers = some.integers().map(str) | some.floats().map(str)

junk = some.text(max_size=12) | numbers | dotted | likely
