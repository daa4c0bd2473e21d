"""You count the steps between places, not the places: add one."""
# replaces: output-size
# caught by: output size


def output_size(size, kernel, stride):
    return (size - kernel) // stride
