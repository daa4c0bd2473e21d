"""This is the size after an ordinary convolution, which shrinks; the transposed one is its way
back.
"""

# replaces: grown
# caught by: sizes


def grown(m, k, s, p):
    return (m + 2 * p - k) // s + 1
