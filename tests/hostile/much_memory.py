"""Asks for 50 GB at once."""
# loses: transposed
# says: MemoryError


def transposed(g, F, stride=1):
    return bytearray(50 * 2**30)
