"""The second number should be the cell after the bin's last, as in a slice: yours is the last
one."""

# replaces: bins
# caught by: ten cells, four bins


def bins(count, n):
    i = np.arange(n)
    return np.stack([i * count // n, -(-(i + 1) * count // n) - 1], axis=1)
