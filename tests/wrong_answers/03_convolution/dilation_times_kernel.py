"""The dilated filter is taken as d·k wide; between k cells lie only k - 1 steps, so it is d·(k
- 1) + 1.
"""

# replaces: output_size
# caught by: output size, dilation


def output_size(n, kernel, stride=1, padding=0, dilation=1):
    return (n + 2 * padding - dilation * kernel) // stride + 1
