"""The biases stayed as they were: all four parameters take the step."""
# replaces: step
# caught by: one step


def step(params, X, Y, rows, lr):
    W1, b1, W2, b2 = params
    dW1, _, dW2, _ = gradients(params, X[rows], Y[rows])
    return W1 - lr * dW1, b1, W2 - lr * dW2, b2
