"""You gave every point to its nearest mode, however far: only points within the radius belong."""
# replaces: covered_modes
# caught by: points between the modes


def covered_modes(points, centres, radius, share):
    away = np.linalg.norm(points[:, None] - centres, axis=-1)
    counts = np.bincount(away.argmin(axis=1), minlength=len(centres))
    return int(np.sum(counts / len(points) >= share))
