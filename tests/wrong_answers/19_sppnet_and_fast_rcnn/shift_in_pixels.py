"""Your shifts are in pixels: divide them by the proposal's width and height."""

# replaces: targets
# caught by: not normalised yet


def targets(boxes, proposals, mean, spread):
    sides, sides_p = boxes[:, 2:] - boxes[:, :2], proposals[:, 2:] - proposals[:, :2]
    shift = (boxes[:, :2] + boxes[:, 2:] - proposals[:, :2] - proposals[:, 2:]) / 2
    t = np.concatenate([shift, np.log(sides / sides_p)], axis=1)
    return (t - mean) / spread
