"""The stride is not used: divide by it, rounding down."""
# replaces: output-size
# caught by: output size, stride 2


def output_size(size, kernel, stride):
    return size - kernel + 1
