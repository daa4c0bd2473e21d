"""All your bins have the length count / n, rounded up, one after the other: so the last ones
reach beyond the cells. Each begins at i * count / n, rounded down."""

# replaces: bins
# caught by: ten cells, four bins


def bins(count, n):
    length = -(-count // n)
    i = np.arange(n)
    return np.stack([i * length, (i + 1) * length], axis=1)
