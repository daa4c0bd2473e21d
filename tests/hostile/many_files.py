"""Opens a file three hundred times."""
# loses: transposed
# says: Too many open files


def transposed(g, F, stride=1):
    held = [open("/dev/null") for _ in range(300)]  # noqa: SIM115
    return len(held)
