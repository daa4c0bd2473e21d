"""You divide before you take the mean off: it is the mean of the raw numbers."""

# replaces: targets
# caught by: normalised


def targets(boxes, proposals, mean, spread):
    sides, sides_p = boxes[:, 2:] - boxes[:, :2], proposals[:, 2:] - proposals[:, :2]
    shift = (boxes[:, :2] + boxes[:, 2:] - proposals[:, :2] - proposals[:, 2:]) / 2
    t = np.concatenate([shift / sides_p, np.log(sides / sides_p)], axis=1)
    return t / spread - mean
