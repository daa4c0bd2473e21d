"""You shift all places at once: shift one place, leave the others, and do so for each."""
# replaces: numerical_gradient
# caught by: gradient at (1, 2)


def numerical_gradient(f, x, eps=1e-5):
    return np.full_like(x, (f(x + eps) - f(x - eps)) / (2 * eps))
