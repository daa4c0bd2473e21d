"""Your step forgets the old velocity: the new one is momentum · velocity - step · gradient."""
# replaces: momentum_step
# caught by: one step


def momentum_step(theta, velocity, gradient, step, momentum):
    velocity = -step * gradient
    return theta + velocity, velocity
