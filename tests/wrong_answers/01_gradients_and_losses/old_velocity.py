"""You moved by the old velocity: compute the new one first, then add it to theta."""
# replaces: momentum_step
# caught by: one step


def momentum_step(theta, velocity, gradient, step, momentum):
    new_velocity = momentum * velocity - step * gradient
    return theta + velocity, new_velocity
