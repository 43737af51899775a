"""The command `assay`, as `python -m assay` too."""

import sys

from . import _native


def main() -> int:
    """Runs the command line with this process's arguments, and gives the exit code."""
    return _native.main(["assay", *sys.argv[1:]])


if __name__ == "__main__":
    sys.exit(main())
