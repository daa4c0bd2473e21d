"""This is tanh stretched to 0 to 1 without halving z: the sigmoid is 0.5 * (1 + tanh(z / 2))."""
# replaces: sigmoid_and_slope
# caught by: sigmoid


def sigmoid_and_slope(z):
    a = 0.5 * (1 + np.tanh(z))
    return a, a * (1 - a)
