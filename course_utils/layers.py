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
