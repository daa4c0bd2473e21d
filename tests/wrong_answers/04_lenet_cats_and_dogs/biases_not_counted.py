"""The biases are missing: each output map, a column of the table, has one."""

# replaces: link_parameters
# caught by: numbers of C3


def link_parameters(table, kernel):
    return int(table.sum()) * kernel**2
