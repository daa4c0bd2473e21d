"""Returns what JSON can hold but nobody can compare."""
# loses: transposed


def transposed(g, F, stride=1):
    if stride == 1:
        deep = []
        for _ in range(500):
            deep = [deep]
        return deep
    return [10**4000, float("inf"), "x" * 10**6]
