"""You added the losses up: a cost is their mean, so that it does not grow with the set."""
# replaces: yes_no_costs
# caught by: two costs


def yes_no_costs(y, h):
    margin = y * h
    return np.sum(np.logaddexp(0, -2 * margin)), np.sum(np.maximum(0, 1 - margin))
