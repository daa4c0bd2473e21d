"""Keras layers that lessons share."""

from __future__ import annotations

import keras
import tensorflow as tf


@keras.saving.register_keras_serializable(package="course_utils")
class BatchNormalization(keras.layers.BatchNormalization):
    """Batch normalisation on TensorFlow's fused kernel: Keras's layer, several times faster.

    Ioffe and Szegedy (2015), "Batch Normalization", ICML, section 3. Keras 3 computes the moments
    and the normalisation as separate operations, which on a processor take half of a training
    step; one fused operation does the same. Arguments, defaults, variables, gradients, moving
    statistics and behaviour with ``trainable=False`` are those of
    `keras.layers.BatchNormalization`, and either layer loads the other's weights. Short runs want
    ``momentum=0.9``: the default 0.99 takes hundreds of steps to forget its start.
    A whole model saved with it opens once this module is imported.

    Input and output are (N, …, C) in float32, bfloat16 or float16; statistics are float32. Where
    the kernel can't serve (an axis other than the last, a mask, ``renorm``, ``synchronized``,
    other types) Keras's own code runs.
    """

    def call(
        self, inputs: tf.Tensor, training: bool | None = None, mask: tf.Tensor | None = None
    ) -> tf.Tensor:
        """Normalise `inputs`, by the batch's own statistics while training."""
        if not self._fits(inputs, mask):
            return super().call(inputs, training=training, mask=mask)
        by_batch = bool(training and self.trainable)
        channels = inputs.shape[-1]
        is_image = inputs.shape.rank == 4
        outputs, mean, variance, *_ = tf.raw_ops.FusedBatchNormV3(
            x=inputs if is_image else tf.reshape(inputs, (-1, 1, 1, channels)),
            scale=self.gamma.value if self.scale else tf.ones(channels),
            offset=self.beta.value if self.center else tf.zeros(channels),
            mean=[] if by_batch else self.moving_mean.value,
            variance=[] if by_batch else self.moving_variance.value,
            epsilon=self.epsilon,
            is_training=by_batch,
        )
        if by_batch:
            self._move(mean, variance, tf.size(inputs) // channels)
        if is_image:
            return outputs
        return tf.ensure_shape(tf.reshape(outputs, tf.shape(inputs)), inputs.shape)

    def _fits(self, inputs: tf.Tensor, mask: tf.Tensor | None) -> bool:
        last = self.axis in (-1, inputs.shape.rank - 1)
        plain = mask is None and not self.renorm and not self.synchronized
        typed = inputs.dtype in (tf.float32, tf.bfloat16, tf.float16)
        typed = typed and inputs.dtype == self.compute_dtype and self.variable_dtype == "float32"
        return last and plain and typed

    def _move(self, mean: tf.Tensor, variance: tf.Tensor, count: tf.Tensor) -> None:
        # the kernel divides by count - 1 (by 1 where count is 1), Keras by count
        count = tf.cast(count, tf.float32)
        variance *= tf.maximum(count - 1.0, 1.0) / count
        for moving, new in ((self.moving_mean, mean), (self.moving_variance, variance)):
            moving.assign(moving * self.momentum + new * (1.0 - self.momentum))


@keras.saving.register_keras_serializable(package="course_utils")
class InstanceNormalization(keras.layers.Layer):
    """Normalise each channel of each picture by its own mean and variance over all places.

    Ulyanov, Vedaldi and Lempitsky (2016), "Instance normalization: the missing ingredient for fast
    stylization", arXiv 1607.08022, equation 3; with a scale gamma and an offset beta a channel.
    Training and inference are the same, and a picture's result does not depend on the others of
    its batch. Lesson 14 builds it.

    Input and output are (N, H, W, C) in float32, bfloat16 or float16; statistics are float32.
    Where the number of pictures is known (eagerly, or in a function traced for a fixed batch) each
    of them goes through TensorFlow's fused batch normalisation, which on a processor takes half to
    two thirds of the time of separate operations; elsewhere those separate operations run.
    A map whose variance is below 1e-10 becomes beta: what differs there is rounding, and a few
    layers one behind the other would blow it up to a pattern.

    Parameters
    ----------
    epsilon : float
        Added to the variance. Torch and the published style networks have 1e-5; Keras's group
        normalisation has 1e-3.
    """

    def __init__(self, epsilon: float = 1e-5, **kwargs: object) -> None:
        super().__init__(**kwargs)
        self.epsilon = epsilon

    def build(self, input_shape: tuple[int | None, ...]) -> None:
        """Make gamma (C,), all one, and beta (C,), all zero."""
        channels = (input_shape[-1],)
        self.gamma = self.add_weight(channels, "ones", dtype="float32", name="gamma")
        self.beta = self.add_weight(channels, "zeros", dtype="float32", name="beta")

    def call(self, inputs: tf.Tensor) -> tf.Tensor:
        """Normalise `inputs`, picture by picture."""
        pictures = inputs.shape[0]
        gamma, beta = (tf.cast(w, tf.float32) for w in (self.gamma, self.beta))
        if pictures is None:
            return self._separately(inputs, gamma, beta)
        outputs = []
        for one in tf.split(inputs, pictures):
            fused = tf.raw_ops.FusedBatchNormV3(
                x=one,
                scale=gamma,
                offset=beta,
                mean=[],
                variance=[],
                epsilon=self.epsilon,
                is_training=True,
            )
            outputs.append(_unless_flat(fused.y, fused.batch_variance, beta))
        return tf.concat(outputs, axis=0)

    def _separately(self, inputs: tf.Tensor, gamma: tf.Tensor, beta: tf.Tensor) -> tf.Tensor:
        wide = tf.cast(inputs, tf.float32)
        mean, variance = tf.nn.moments(wide, axes=(1, 2), keepdims=True)
        outputs = tf.nn.batch_normalization(wide, mean, variance, beta, gamma, self.epsilon)
        return tf.cast(_unless_flat(outputs, variance, beta), inputs.dtype)

    def get_config(self) -> dict:
        """Return the arguments that make this layer again."""
        return super().get_config() | {"epsilon": self.epsilon}


def _unless_flat(outputs: tf.Tensor, variance: tf.Tensor, beta: tf.Tensor) -> tf.Tensor:
    return tf.where(variance > 1e-10, outputs, tf.cast(beta, outputs.dtype))


@keras.saving.register_keras_serializable(package="course_utils")
class StripConv2D(keras.layers.Conv2D):
    """`keras.layers.Conv2D` that cuts a single picture in two strips; the result is the same.

    oneDNN, which computes TensorFlow's convolutions on most processors, is slow with one picture
    and a large kernel: on a processor with AVX2 a 9×9 convolution from 32 to 3 maps of 160×160
    places takes 86 ms, in two strips as a batch of two 13 ms (``make bench``). More pictures, an
    unknown number of them, and convolutions with padding, strides or dilation go as they are.
    """

    def convolution_op(self, inputs: tf.Tensor, kernel: tf.Tensor) -> tf.Tensor:
        """Convolve (N, H, W, C) with (k, k, C, F) to (N, H - k + 1, W - k + 1, F)."""
        pictures, height = inputs.shape[:2]
        dense = self.padding == "valid" and self.strides == self.dilation_rate == (1, 1)
        margin = kernel.shape[0] - 1
        if pictures != 1 or height is None or not dense or height - margin < 2:
            return super().convolution_op(inputs, kernel)
        rows = height - margin
        upper = (rows + 1) // 2
        strips = [inputs[:, : upper + margin], inputs[:, rows - upper :]]
        first, second = tf.split(super().convolution_op(tf.concat(strips, axis=0), kernel), 2)
        return tf.concat([first, second[:, 2 * upper - rows :]], axis=1)


@keras.saving.register_keras_serializable(package="course_utils")
class ReflectionPadding(keras.layers.Layer):
    """Continue a map beyond its border by its mirror image; the border row itself is not repeated.

    A row 1 2 3 padded by 2 becomes 3 2 1 2 3 2 1. Johnson, Alahi and Li (2016), "Perceptual losses
    for real-time style transfer and super-resolution", ECCV, supplementary material: zeros would be
    seen as an edge around the picture. Lesson 14 shows it.

    Parameters
    ----------
    size : int
        Places on each of the four sides; smaller than the height and the width of the map.

    Raises
    ------
    ValueError
        The map has too few places to be mirrored.
    """

    def __init__(self, size: int = 1, **kwargs: object) -> None:
        super().__init__(**kwargs)
        self.size = size

    def call(self, inputs: tf.Tensor) -> tf.Tensor:
        """Pad (N, H, W, C) to (N, H + 2 size, W + 2 size, C)."""
        for places in inputs.shape[1:3]:
            if places is not None and places <= self.size:
                raise ValueError(
                    f"A map of {inputs.shape[1]} × {inputs.shape[2]} places can't be padded by "
                    f"{self.size} mirrored ones: give a larger picture."
                )
        sides = (self.size, self.size)
        return tf.pad(inputs, ((0, 0), sides, sides, (0, 0)), mode="REFLECT")

    def compute_output_shape(self, input_shape: tuple) -> tuple:
        """Return the padded shape; unknown sides stay unknown."""
        pictures, *places, channels = input_shape
        padded = [None if n is None else n + 2 * self.size for n in places]
        return (pictures, *padded, channels)

    def get_config(self) -> dict:
        """Return the arguments that make this layer again."""
        return super().get_config() | {"size": self.size}


def residual_block(
    x: keras.KerasTensor,
    normalisation: type[keras.layers.Layer] = InstanceNormalization,
    padding: type[keras.layers.Layer] = ReflectionPadding,
) -> keras.KerasTensor:
    """Return x + F(x): two normalised 3×3 convolutions, ReLU between them, none after the sum.

    The block of Johnson, Alahi and Li (2016), after Gross and Wilber's "Training and investigating
    residual nets" (2016): without a ReLU behind the addition the way past the block stays linear.
    Lesson 14 builds it; the generators of CycleGAN are made of it too.

    Parameters
    ----------
    x : symbolic tensor (N, H, W, C)
    normalisation : layer class
        Called without arguments.
    padding : layer class
        Called with the number of places, 1.

    Returns
    -------
    symbolic tensor (N, H, W, C)
    """
    channels = x.shape[-1]
    y = x
    for last in (False, True):
        y = keras.layers.Conv2D(channels, 3, use_bias=False)(padding(1)(y))
        y = normalisation()(y)
        if not last:
            y = keras.layers.ReLU()(y)
    return keras.layers.Add()([x, y])
