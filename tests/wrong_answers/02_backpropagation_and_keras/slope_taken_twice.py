"""You send the activation through the sigmoid again before taking the slope: s'(z) is a(1 - a) with
a = s(z), one sigmoid only.
"""
# replaces: sigmoid_and_slope
# caught by: slope


def sigmoid_and_slope(z):
    a = 0.5 * (1 + np.tanh(0.5 * z))
    again = 0.5 * (1 + np.tanh(0.5 * a))
    return a, again * (1 - again)
