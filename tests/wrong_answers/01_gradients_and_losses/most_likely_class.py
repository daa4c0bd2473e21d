"""You took the class that the model likes best: take the true one's probability, Y."""
# replaces: cross_entropy
# caught by: cost of the table


def cross_entropy(P, Y):
    return np.mean(-np.log(P.max(axis=1)))
