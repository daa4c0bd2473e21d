"""Your hinge lacks the max(0, …): sure, right answers would lower the cost without end."""
# replaces: yes_no_costs
# caught by: two costs


def yes_no_costs(y, h):
    margin = y * h
    return np.mean(np.logaddexp(0, -2 * margin)), np.mean(1 - margin)
