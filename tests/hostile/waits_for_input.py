"""Asks a question that nobody answers."""
# loses: transposed
# says: EOF


def transposed(g, F, stride=1):
    return input("What is the answer? ")
