"""Your softmax runs down the columns, over the pictures: a picture is a row, so take axis=1."""
# replaces: softmax_cross_entropy
# caught by: cost


def softmax_cross_entropy(Z, Y):
    e = np.exp(Z - Z.max(axis=0))
    P = e / e.sum(axis=0)
    return float(-np.mean(np.log(np.sum(P * Y, axis=1)))), (P - Y) / len(Y)
