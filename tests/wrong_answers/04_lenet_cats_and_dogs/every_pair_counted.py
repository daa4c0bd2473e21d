"""You count a kernel for every pair of maps: only the links, the True places, have one."""

# replaces: link_parameters
# caught by: numbers of C3


def link_parameters(table, kernel):
    return table.size * kernel**2 + table.shape[1]
