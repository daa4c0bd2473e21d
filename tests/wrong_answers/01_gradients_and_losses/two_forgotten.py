"""The factor 2 in the exponent is missing: the logistic loss of the table is log(1 + exp(-2yh))."""
# replaces: yes_no_costs
# caught by: two costs


def yes_no_costs(y, h):
    margin = y * h
    return np.mean(np.logaddexp(0, -margin)), np.mean(np.maximum(0, 1 - margin))
