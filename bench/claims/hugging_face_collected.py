"""A model of Hugging Face is made in each repeat and asked once, without a clean-up and with a collection alone."""

# rule: TFM101
# environments: 2.8-transformers 2.15-transformers
import gc

import tensorflow as tf
from transformers import DistilBertConfig, TFDistilBertForSequenceClassification

config = DistilBertConfig(vocab_size=2000, dim=128, n_layers=2, n_heads=2, hidden_dim=256, max_position_embeddings=64)
tokens = tf.zeros((1, 16), tf.int32)

# flagged
model = TFDistilBertForSequenceClassification(config)
logits = model(tokens).logits.numpy()

# fixed
model = TFDistilBertForSequenceClassification(config)
logits = model(tokens).logits.numpy()
del model
gc.collect()
