"""Keras layers that pool maps of any size to a fixed one: pyramid pooling and RoI pooling.

Both answer each bin by its largest value and send that bin's gradient to the first cell (row by
row) that holds it, as a max pooling layer does. `tf.reduce_max` would divide it among equal cells,
and after a ReLU equal cells are everywhere.
"""

from __future__ import annotations

from collections.abc import Callable

import keras
import tensorflow as tf

EMPTY = tf.int64.min  # the key of a bin without cells
FIRST = 2**31 - 1  # the lower half of the first cell's key


@keras.saving.register_keras_serializable(package="course_utils")
class SpatialPyramidPooling(keras.layers.Layer):
    """The largest values in an n × n grid over the whole map, for each n: one length for any size.

    He et al. (2014), "Spatial Pyramid Pooling in Deep Convolutional Networks", ECCV, section 2.2.
    Bin i of n along a side of `a` cells is [floor(i a / n), ceil((i + 1) a / n)), so that every
    cell is seen and no bin is empty. (The paper's windows of ceil(a / n) cells at strides of
    floor(a / n) make too many bins for some sizes and leave rows unseen for others.)

    Parameters
    ----------
    levels : tuple of int
        The grids n, in the order of the answer: (4, 2, 1) makes 16 + 4 + 1 = 21 bins.
    """

    def __init__(self, levels: tuple[int, ...] = (4, 2, 1), **kwargs) -> None:
        super().__init__(**kwargs)
        if not levels or min(levels) < 1:
            raise ValueError(f"The pyramid's levels are {levels}; each must be at least 1.")
        self.levels = tuple(levels)
        self.bins = sum(n * n for n in self.levels)

    def call(self, features: tf.Tensor) -> tf.Tensor:
        """Pool (B, H, W, C), H and W from 1 up, to (B, bins * C): bin by bin, row by row."""
        pooled = _first_maxima(features, self._pool)
        return tf.reshape(pooled, (-1, self.bins * features.shape[-1]))

    def _pool(self, values: tf.Tensor, _: object) -> tf.Tensor:
        grids = []
        for n in self.levels:
            rows = _pool_axis(values, 1, n)
            grids.append(tf.concat(tf.unstack(_pool_axis(rows, 2, n), axis=1), axis=1))
        return tf.concat(grids, axis=1)

    def compute_output_shape(self, features_shape: tuple) -> tuple:
        """(B, bins * C)."""
        return features_shape[0], self.bins * features_shape[-1]

    def get_config(self) -> dict:
        """What makes an equal layer."""
        return {**super().get_config(), "levels": self.levels}


@keras.saving.register_keras_serializable(package="course_utils")
class RoIPooling(keras.layers.Layer):
    """The largest values in a grid over each region of interest (RoI) of a feature map.

    Girshick (2015), "Fast R-CNN", ICCV, section 2.1, cell for cell as its code and torchvision's
    `roi_pool` have it: a box's corners are divided by the stride and rounded (halves away from
    zero), both end cells belong to the region, so it has end - start + 1 >= 1 rows and columns;
    bin i of n over `a` rows is [floor(i a / n), ceil((i + 1) a / n)), cut off at the map's border;
    a bin without cells answers 0. Gradients of regions that share a cell add up; none reaches the
    boxes.

    Parameters
    ----------
    size : int
        Bins along each side.
    stride : float
        Pixels of the picture from one cell of the map to the next.
    """

    def __init__(self, size: int, stride: float, **kwargs) -> None:
        # Keras would cast the boxes to bfloat16 as well, whose pixels above 256 are even numbers
        super().__init__(autocast=False, **kwargs)
        if size < 1 or stride <= 0:
            raise ValueError(f"RoIPooling has size {size} and stride {stride}; both must be > 0.")
        self.size, self.stride = size, stride
        self.supports_jit = False  # as many steps as the largest bin needs: no static shapes

    def call(self, features: tf.Tensor, rois: tf.Tensor, batch_index: tf.Tensor) -> tf.Tensor:
        """Pool each region of its picture's map.

        Parameters
        ----------
        features : tensor (B, H, W, C)
        rois : tensor (R, 4)
            Boxes (x1, y1, x2, y2) in pixels of the picture, also across its border or outside.
        batch_index : tensor (R,) int
            Which of the B maps each lies on.

        Returns
        -------
        tensor (R, size, size, C)
        """
        features = tf.cast(features, self.compute_dtype)
        batch_index = tf.cast(batch_index, tf.int32)
        shape = tf.shape(features)
        tf.debugging.assert_less(
            batch_index, shape[0], "batch_index names a picture that features does not have."
        )
        corners = _round_half_away(tf.cast(rois, tf.float32) / self.stride)
        x1, x2 = self._bins(corners[:, 0], corners[:, 2], shape[2])
        y1, y2 = self._bins(corners[:, 1], corners[:, 3], shape[1])

        def pool(values: tf.Tensor, empty: float) -> tf.Tensor:
            return _range_maxima(values, batch_index, (y1, y2), (x1, x2), empty)

        pooled = _first_maxima(features, pool)
        return tf.ensure_shape(pooled, (rois.shape[0], self.size, self.size, features.shape[-1]))

    def _bins(
        self, start: tf.Tensor, end: tf.Tensor, cells: tf.Tensor
    ) -> tuple[tf.Tensor, tf.Tensor]:
        # whole numbers: n * (a / n) in float32 can exceed a, and its ceil would add a row
        count = tf.maximum(end - start + 1, 1)[:, None]
        i = tf.range(self.size)
        first, last = i * count // self.size, -(-(i + 1) * count // self.size)
        return tuple(tf.clip_by_value(start[:, None] + edge, 0, cells) for edge in (first, last))

    def compute_output_shape(
        self, features_shape: tuple, rois_shape: tuple, batch_index_shape: tuple
    ) -> tuple:
        """(R, size, size, C)."""
        return rois_shape[0], self.size, self.size, features_shape[-1]

    def get_config(self) -> dict:
        """What makes an equal layer."""
        return {**super().get_config(), "size": self.size, "stride": self.stride}


def _first_maxima(features: tf.Tensor, pool: Callable[[tf.Tensor, float], tf.Tensor]) -> tf.Tensor:
    """Pool (B, H, W, C) by `pool`; gradients to the first maximum.

    `pool` takes values and the answer of a bin without any. The gradient pools keys, int64 whose
    upper half sorts as the value does and whose lower half counts down from the first cell to the
    last: one maximum finds the value and its first place together. Without a gradient none of
    this is computed.
    """

    @tf.custom_gradient
    def pooled(features: tf.Tensor) -> tuple[tf.Tensor, Callable]:
        def gradient(upstream: tf.Tensor) -> tf.Tensor:
            keys = pool(_pack(features), EMPTY)
            channels = features.shape[-1]
            places = (FIRST - tf.cast(keys, tf.int32)) * channels + tf.range(channels)
            places = tf.where(keys == EMPTY, -1, places)  # summed nowhere
            # in float32: hundreds of regions add to one cell
            sums = tf.math.unsorted_segment_sum(
                tf.cast(upstream, tf.float32), places, tf.size(features)
            )
            return tf.cast(tf.reshape(sums, tf.shape(features)), features.dtype)

        values = tf.cast(features, tf.float32)  # for bfloat16 there are no quick maxima
        return tf.cast(pool(values, 0.0), features.dtype), gradient

    return pooled(features)


def _pack(features: tf.Tensor) -> tf.Tensor:
    values = tf.cast(features, tf.float32)
    values = tf.where(values == 0, 0.0, values)  # -0.0 equals 0.0, but its bits don't
    halves = tf.cast(_sortable(tf.bitcast(values, tf.int32)), tf.int64)
    shape = tf.shape(features, out_type=tf.int64)
    cells = tf.reshape(tf.range(tf.reduce_prod(shape[:3])), tf.concat([shape[:3], [1]], axis=0))
    return halves * 2**32 + (FIRST - cells)


def _sortable(bits: tf.Tensor) -> tf.Tensor:
    # IEEE's negative numbers sort the wrong way round as integers
    sign = tf.bitwise.right_shift(bits, 31)
    return tf.bitwise.bitwise_xor(bits, tf.bitwise.bitwise_and(sign, 0x7FFFFFFF))


def _pool_axis(values: tf.Tensor, axis: int, n: int) -> tf.Tensor:
    """Maxima in n bins along an axis."""
    cells = tf.shape(values)[axis]
    bins = []
    for i in range(n):
        chosen = tf.range(i * cells // n, -(-(i + 1) * cells // n))
        bins.append(tf.reduce_max(tf.gather(values, chosen, axis=axis), axis=axis))
    return tf.stack(bins, axis=axis)


def _range_maxima(
    values: tf.Tensor,
    batch_index: tf.Tensor,
    rows: tuple[tf.Tensor, tf.Tensor],
    columns: tuple[tf.Tensor, tf.Tensor],
    empty: float,
) -> tf.Tensor:
    """Maxima of rectangles [y1, y2) × [x1, x2) by four look-ups each, however large they are.

    A sparse table: level (a, b) holds at each cell the maximum of the 2^a × 2^b cells that begin
    there. Every rectangle is the union of four such, which may overlap: a maximum does not mind.

    `rows` and `columns` are (R, n) each; returns (R, n, n, C), `empty` where a rectangle is.
    """
    heights, widths = (tf.maximum(end - start, 1) for start, end in (rows, columns))
    row_level, column_level = _log2(heights), _log2(widths)
    table = _doublings(values, 1, row_level)  # (a, B, H, W, C)
    table = _doublings(table, 3, column_level)  # (b, a, B, H, W, C)
    shape = tf.shape(table)
    flat = tf.reshape(table, (-1, values.shape[-1]))
    nowhere = tf.shape(flat)[0]
    flat = tf.pad(flat, [[0, 1], [0, 0]], constant_values=tf.constant(empty, flat.dtype))

    row_level, column_level = row_level[:, :, None], column_level[:, None, :]
    level = (column_level * shape[1] + row_level) * shape[2] + batch_index[:, None, None]
    y1, y2 = (edge[:, :, None] for edge in rows)
    x1, x2 = (edge[:, None, :] for edge in columns)
    last_y = tf.maximum(y2 - tf.bitwise.left_shift(1, row_level), 0)
    last_x = tf.maximum(x2 - tf.bitwise.left_shift(1, column_level), 0)
    full = (y2 > y1) & (x2 > x1)
    found = None
    for y in (y1, last_y):
        for x in (x1, last_x):
            place = (level * shape[3] + y) * shape[4] + x
            corner = tf.gather(flat, tf.where(full, place, nowhere))
            found = corner if found is None else tf.maximum(found, corner)
    return found


def _doublings(table: tf.Tensor, axis: int, levels: tf.Tensor) -> tf.Tensor:
    """Stack the maxima over 1, 2, 4 … cells along an axis, up to the highest of `levels`."""
    count = tf.reduce_max(tf.concat([tf.reshape(levels, (-1,)), [0]], axis=0)) + 1
    stack = tf.TensorArray(table.dtype, size=count, element_shape=table.shape)

    def double(k: tf.Tensor, table: tf.Tensor, stack: tf.TensorArray) -> tuple:
        # what the roll brings round from the other end is never looked up
        longer = tf.maximum(table, tf.roll(table, -tf.bitwise.left_shift(1, k), axis))
        return k + 1, longer, stack.write(k, table)

    start = (tf.constant(0), table, stack)
    shapes = (tf.TensorShape([]), table.shape, tf.TensorShape(None))
    *_, stack = tf.while_loop(lambda k, *_: k < count, double, start, shape_invariants=shapes)
    return stack.stack()


def _log2(counts: tf.Tensor) -> tf.Tensor:
    """The whole part of a logarithm: 0 for 1, 1 for 2 and 3, 2 for 4 to 7."""
    exponents = tf.bitwise.right_shift(tf.bitcast(tf.cast(counts, tf.float32), tf.int32), 23)
    return exponents - 127


def _round_half_away(x: tf.Tensor) -> tf.Tensor:
    # tf.round takes halves to the even neighbour
    whole = tf.cast(x, tf.int32)
    rest = x - tf.cast(whole, tf.float32)
    return whole + tf.cast(tf.sign(rest), tf.int32) * tf.cast(tf.abs(rest) >= 0.5, tf.int32)
