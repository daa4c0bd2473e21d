"""The padding is taken off both sides: subtract it twice."""

# replaces: grown
# caught by: sizes


def grown(m, k, s, p):
    return s * (m - 1) + k - p
