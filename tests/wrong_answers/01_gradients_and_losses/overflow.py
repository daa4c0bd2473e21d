"""exp overflows for large margins: np.logaddexp(0, a) is log(1 + exp(a)) without that."""
# replaces: yes_no_costs
# caught by: large margins


def yes_no_costs(y, h):
    margin = y * h
    return np.mean(np.log(1 + np.exp(-2 * margin))), np.mean(np.maximum(0, 1 - margin))
