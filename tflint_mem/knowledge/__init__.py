"""What TensorFlow and Keras call their things."""
