"""For large z your exponential overflows and the quotient becomes NaN: use 0.5 * (1 + np.tanh(0.5 *
z)), which can't overflow.
"""
# replaces: sigmoid_and_slope
# caught by: far out


def sigmoid_and_slope(z):
    a = np.exp(z) / (1 + np.exp(z))
    return a, a * (1 - a)
