"""Returns pickles, which would run code where they are opened."""
# loses: transposed

import os
import pickle


class Trap:
    def __reduce__(self):
        return os.mkdir, ("/tmp/trapped",)


def transposed(g, F, stride=1):
    return pickle.dumps(Trap()) if stride == 1 else np.array([Trap()], dtype=object)
