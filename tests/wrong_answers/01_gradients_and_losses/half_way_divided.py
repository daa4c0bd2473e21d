"""Twice too large: from x - eps to x + eps the way is 2 · eps, so divide by that."""
# replaces: numerical_gradient
# caught by: gradient at (1, 2)


def numerical_gradient(f, x, eps=1e-5):
    gradient = np.zeros_like(x)
    for place in np.ndindex(x.shape):
        shift = np.zeros_like(x)
        shift[place] = eps
        gradient[place] = (f(x + shift) - f(x - shift)) / eps
    return gradient
