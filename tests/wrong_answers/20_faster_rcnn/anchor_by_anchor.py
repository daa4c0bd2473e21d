"""You give one shape for all cells, then the next: all anchors of a cell come together."""

# replaces: anchor_grid
# caught by: all anchors


def anchor_grid(rows, columns, stride, sizes, ratios):
    shapes = np.array([(s / np.sqrt(r), s * np.sqrt(r)) for r in ratios for s in sizes])
    y, x = np.mgrid[:rows, :columns]
    centres = (np.stack([x, y], axis=-1).reshape(-1, 1, 2) + 0.5) * stride
    return (
        np.concatenate([centres - shapes / 2, centres + shapes / 2], axis=-1)
        .swapaxes(0, 1)
        .reshape(-1, 4)
    )
