"""You turned the kernel round: that is convolution, and here the kernel stays as it is."""
# replaces: slide
# caught by: slide


def slide(row, kernel, stride=1):
    out = np.zeros(output_size(len(row), len(kernel), stride))
    for i in range(len(out)):
        out[i] = np.sum(row[i * stride : i * stride + len(kernel)] * kernel[::-1])
    return out
