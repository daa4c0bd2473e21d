"""You divide the shift by the object's sides: the numbers are told from the proposal, by whose
sides you divide."""

# replaces: targets
# caught by: not normalised yet


def targets(boxes, proposals, mean, spread):
    sides, sides_p = boxes[:, 2:] - boxes[:, :2], proposals[:, 2:] - proposals[:, :2]
    shift = (boxes[:, :2] + boxes[:, 2:] - proposals[:, :2] - proposals[:, 2:]) / 2
    t = np.concatenate([shift / sides, np.log(sides / sides_p)], axis=1)
    return (t - mean) / spread
