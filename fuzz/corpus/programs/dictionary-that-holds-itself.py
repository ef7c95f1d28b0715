import tensorflow as tf

models = {}
models = {**models, 'all': models}
for name in models:
    models[name] = tf.keras.models.load_model(models)
