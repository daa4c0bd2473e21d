"""You divide by the points that belong to some mode: the share is one of all N points."""
# replaces: covered_modes
# caught by: points between the modes


def covered_modes(points, centres, radius, share):
    near = np.linalg.norm(points[:, None] - centres, axis=-1) <= radius
    return int(np.sum(near.sum(axis=0) / near.sum() >= share))
