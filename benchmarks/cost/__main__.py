"""`python -m benchmarks.cost`; see `model`."""

import sys

from benchmarks.cost.model import main

if __name__ == "__main__":
    sys.exit(main())
