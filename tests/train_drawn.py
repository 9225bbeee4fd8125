"""`python -m core train` on the drawn data set, for tests of several processes."""

import sys

from core import __main__, dataset
from tests.conftest import drawn_data

if __name__ == "__main__":
    dataset.load = lambda name: drawn_data()
    sys.exit(__main__.main(["train", *sys.argv[1:]]))
