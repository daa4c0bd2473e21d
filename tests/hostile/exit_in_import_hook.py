"""Makes every later import leave."""
# loses: transposed
# says: SystemExit

import sys


class Hook:
    def find_spec(self, *_):
        sys.exit(0)


sys.meta_path.insert(0, Hook())


def transposed(g, F, stride=1):
    import wave  # noqa: F401
