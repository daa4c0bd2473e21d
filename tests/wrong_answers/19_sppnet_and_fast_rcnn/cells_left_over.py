"""All your bins have the length count / n, rounded down: the last cells are never looked at."""

# replaces: bins
# caught by: ten cells, four bins


def bins(count, n):
    length = max(count // n, 1)
    i = np.arange(n)
    return np.stack([i * length, (i + 1) * length], axis=1)
