"""You step to one side only: measure at x + eps and at x - eps, and divide by 2 · eps."""
# replaces: numerical_gradient
# caught by: gradient with a wide eps


def numerical_gradient(f, x, eps=1e-5):
    gradient = np.zeros_like(x)
    for place in np.ndindex(x.shape):
        shift = np.zeros_like(x)
        shift[place] = eps
        gradient[place] = (f(x + shift) - f(x)) / eps
    return gradient
