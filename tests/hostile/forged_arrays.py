"""Writes arrays that lie about their shape, straight to where results go."""
# loses: transposed

import os


def transposed(g, F, stride=1):
    lie = '{"array": [[1, [2]], "x"], "shape": [5, 6], "kind": "f"}'
    for step in range(40):
        os.write(3, f'{{"end": "t{step}", "value": {lie}}}\n'.encode())
    return 0
