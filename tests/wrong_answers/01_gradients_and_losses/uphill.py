"""You go uphill: the gradient points to where the cost grows, so subtract step · gradient."""
# replaces: momentum_step
# caught by: one step


def momentum_step(theta, velocity, gradient, step, momentum):
    velocity = momentum * velocity + step * gradient
    return theta + velocity, velocity
