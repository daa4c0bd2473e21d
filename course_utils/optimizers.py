"""Adam on TensorFlow's own kernel."""

from __future__ import annotations

import keras
import tensorflow as tf


@keras.saving.register_keras_serializable(package="course_utils")
class Adam(keras.optimizers.Adam):
    """`keras.optimizers.Adam` in one operation for each variable; the same steps but for rounding.

    Keras writes Adam (Kingma and Ba, 2015, ICLR, algorithm 1) out in many operations for each
    variable; in a small network tracing them is half of what a first step takes (``make bench``).
    Arguments, defaults and variables are those of `keras.optimizers.Adam`. With ``amsgrad``, and
    for the sparse gradient of an embedding, Keras's own code runs.
    """

    def update_step(
        self,
        gradient: tf.Tensor | tf.IndexedSlices,
        variable: tf.Variable,
        learning_rate: tf.Tensor,
    ) -> None:
        """Move `variable` and its two running means."""
        if self.amsgrad or isinstance(gradient, tf.IndexedSlices):
            super().update_step(gradient, variable, learning_rate)
            return
        place = self._get_variable_index(variable)
        step = tf.cast(self.iterations.value + 1, variable.dtype)
        tf.raw_ops.ResourceApplyAdam(
            var=variable.handle,
            m=self._momentums[place].value.handle,
            v=self._velocities[place].value.handle,
            beta1_power=tf.pow(self.beta_1, step),
            beta2_power=tf.pow(self.beta_2, step),
            lr=tf.cast(learning_rate, variable.dtype),
            beta1=self.beta_1,
            beta2=self.beta_2,
            epsilon=self.epsilon,
            grad=tf.cast(gradient, variable.dtype),
        )
