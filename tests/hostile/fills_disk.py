"""Writes 200 MB, and no more, into files of 10 MB."""
# loses: transposed
# says: No space left


def transposed(g, F, stride=1):
    for number in range(20):
        with open(f"full_{number}", "wb") as file:
            file.write(bytes(10 * 2**20))
