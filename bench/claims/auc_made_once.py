"""A metric that Keras 3 names anew is made for each epoch, and made once and reset."""

# rule: TFM107
# environments: 2.15 2.21
import numpy as np
import tensorflow as tf

ROWS = 64

labels = (np.arange(ROWS) % 2).astype("float32")
scores = np.linspace(0, 1, ROWS, dtype="float32")

# flagged
metric = tf.keras.metrics.AUC()
metric.update_state(labels, scores)

# fixed, once
metric = tf.keras.metrics.AUC()

# fixed
metric.reset_state()
metric.update_state(labels, scores)
