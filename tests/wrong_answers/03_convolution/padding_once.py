"""The padding is counted once; it is added on both sides, so it counts twice: n + 2p."""

# replaces: output_size
# caught by: output size


def output_size(n, kernel, stride=1, padding=0, dilation=1):
    reach = dilation * (kernel - 1) + 1
    return (n + padding - reach) // stride + 1
