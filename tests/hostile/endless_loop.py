"""Never ends, once it is called."""
# loses: transposed
# says: ran for more than


def transposed(g, F, stride=1):
    while True:
        pass
