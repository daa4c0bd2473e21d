"""Your shifts stay in x from place to place: work on a copy, or put the old value back."""
# replaces: numerical_gradient
# caught by: gradient with a wide eps


def numerical_gradient(f, x, eps=1e-5):
    gradient = np.zeros_like(x)
    for place in np.ndindex(x.shape):
        x[place] += eps
        above = f(x)
        x[place] -= 2 * eps
        gradient[place] = (above - f(x)) / (2 * eps)
    return gradient
