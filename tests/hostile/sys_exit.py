"""Leaves by SystemExit, in the cell and when called."""
# loses: transposed
# says: SystemExit

import sys


def transposed(g, F, stride=1):
    sys.exit(0)


sys.exit(0)
