"""The gradient's sign is turned: it is prediction minus truth, (P - Y) / N, not Y - P."""
# replaces: softmax_cross_entropy
# caught by: gradient by the logits


def softmax_cross_entropy(Z, Y):
    e = np.exp(Z - Z.max(axis=1, keepdims=True))
    P = e / e.sum(axis=1, keepdims=True)
    return float(-np.mean(np.log(np.sum(P * Y, axis=1)))), (Y - P) / len(Y)
