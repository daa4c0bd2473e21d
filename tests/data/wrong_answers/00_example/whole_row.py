"""The window is the whole row: cut out as many values as the kernel has."""
# replaces: slide
# caught by: slide


def slide(row, kernel, stride=1):
    out = np.zeros(output_size(len(row), len(kernel), stride))
    for i in range(len(out)):
        out[i] = np.sum(row[i * stride :] * kernel)
    return out
