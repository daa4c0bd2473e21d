"""You divided by rows × classes: each row has one loss, so the mean is over the rows alone."""
# replaces: cross_entropy
# caught by: cost of the table


def cross_entropy(P, Y):
    one_hot = np.eye(P.shape[1])[Y]
    return np.mean(-one_hot * np.log(P))
