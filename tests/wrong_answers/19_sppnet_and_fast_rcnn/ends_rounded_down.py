"""Your bins end too early, and with few cells some are empty: the end is rounded up."""

# replaces: bins
# caught by: ten cells, four bins


def bins(count, n):
    i = np.arange(n)
    return np.stack([i * count // n, (i + 1) * count // n], axis=1)
