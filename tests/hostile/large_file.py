"""Writes 60 MB into one file."""
# loses: transposed
# says: OSError


def transposed(g, F, stride=1):
    with open("large", "wb") as file:
        for _ in range(6):
            file.write(bytes(10 * 2**20))
