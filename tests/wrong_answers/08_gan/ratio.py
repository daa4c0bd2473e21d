"""p / q are the odds, which may be any number: the probability is p / (p + q)."""
# replaces: best_discriminator
# caught by: best expert


def best_discriminator(p, q):
    return p / q
