"""For you a single point covers a mode: it takes at least the given share of all points."""
# replaces: covered_modes
# caught by: covered modes


def covered_modes(points, centres, radius, share):
    away = np.linalg.norm(points[:, None] - centres, axis=-1)
    return int(np.sum(away.min(axis=0) <= radius))
