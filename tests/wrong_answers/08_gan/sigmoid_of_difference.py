"""The sigmoid of p - q is not it: the best logit is log(p / q), and so D = p / (p + q)."""
# replaces: best_discriminator
# caught by: best expert


def best_discriminator(p, q):
    return 1 / (1 + np.exp(q - p))
