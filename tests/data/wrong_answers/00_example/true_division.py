"""A size is a whole number: divide with //, which rounds down, not with /."""
# replaces: output-size
# caught by: output size, stride 2


def output_size(size, kernel, stride):
    return (size - kernel + 1) / stride
