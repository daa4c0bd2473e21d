"""The logarithm is missing in tw and th."""

# replaces: targets
# caught by: not normalised yet


def targets(boxes, proposals, mean, spread):
    sides, sides_p = boxes[:, 2:] - boxes[:, :2], proposals[:, 2:] - proposals[:, :2]
    shift = (boxes[:, :2] + boxes[:, 2:] - proposals[:, :2] - proposals[:, 2:]) / 2
    t = np.concatenate([shift / sides_p, sides / sides_p], axis=1)
    return (t - mean) / spread
