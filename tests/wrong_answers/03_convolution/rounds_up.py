"""The size is rounded up; a window that does not fit entirely gives no number, so round down
(//).
"""

# replaces: output_size
# caught by: output size, stride


def output_size(n, kernel, stride=1, padding=0, dilation=1):
    reach = dilation * (kernel - 1) + 1
    return int(np.ceil((n + 2 * padding - reach) / stride)) + 1
