"""Your targets are not normalised: take mean off, then divide by spread."""

# replaces: targets
# caught by: normalised


def targets(boxes, proposals, mean, spread):
    sides, sides_p = boxes[:, 2:] - boxes[:, :2], proposals[:, 2:] - proposals[:, :2]
    shift = (boxes[:, :2] + boxes[:, 2:] - proposals[:, :2] - proposals[:, 2:]) / 2
    return np.concatenate([shift / sides_p, np.log(sides / sides_p)], axis=1)
