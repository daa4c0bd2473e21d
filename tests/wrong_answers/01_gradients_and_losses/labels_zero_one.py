"""That is the formula for labels 0 and 1: for -1 and +1 it is log(1 + exp(-2yh))."""
# replaces: yes_no_costs
# caught by: two costs


def yes_no_costs(y, h):
    p = 1 / (1 + np.exp(-2 * h))
    logistic = -y * np.log(p) - (1 - y) * np.log(1 - p)
    return np.mean(logistic), np.mean(np.maximum(0, 1 - y * h))
