"""You step uphill: the gradient points to where the cost grows: subtract lr times the gradient."""
# replaces: step
# caught by: one step


def step(params, X, Y, rows, lr):
    grads = gradients(params, X[rows], Y[rows])
    return tuple(p + lr * g for p, g in zip(params, grads, strict=True))
