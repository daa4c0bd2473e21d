"""That is the probability of a product, q / (p + q): D is the probability that x is true."""
# replaces: best_discriminator
# caught by: best expert


def best_discriminator(p, q):
    return q / (p + q)
