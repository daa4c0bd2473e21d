"""You added the rows up: the cost is the mean over the rows."""
# replaces: cross_entropy
# caught by: cost of the table


def cross_entropy(P, Y):
    return -np.sum(np.log(P[np.arange(len(Y)), Y]))
