"""`python -m core train` on the drawn data set, for tests of several processes."""

import sys

from core import dataset
from core.cli.main import main
from tests.conftest import drawn_data

if __name__ == "__main__":
    dataset.load_data = lambda name: drawn_data()
    sys.exit(main(["train", *sys.argv[1:]]))
