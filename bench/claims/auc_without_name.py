"""A metric that Keras 3 names anew is made for each epoch, without a name and with one."""

# rule: TFM107
# environments: 2.8 2.13 2.15 2.16 2.18 2.21
import numpy as np
import tensorflow as tf

ROWS = 64

labels = (np.arange(ROWS) % 2).astype("float32")
scores = np.linspace(0, 1, ROWS, dtype="float32")

# flagged
metric = tf.keras.metrics.AUC()
metric.update_state(labels, scores)

# fixed
metric = tf.keras.metrics.AUC(name="auc")
metric.update_state(labels, scores)
