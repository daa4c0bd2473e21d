"""You put z into a(1 - a): the slope is s(z) times (1 - s(z)), so compute a = s(z) first and use
that.
"""
# replaces: sigmoid_and_slope
# caught by: slope


def sigmoid_and_slope(z):
    return 0.5 * (1 + np.tanh(0.5 * z)), z * (1 - z)
