"""You divide by the size of the mini-batch again: the gradients are means already."""
# replaces: step
# caught by: one step


def step(params, X, Y, rows, lr):
    grads = gradients(params, X[rows], Y[rows])
    return tuple(p - lr * g / len(rows) for p, g in zip(params, grads, strict=True))
