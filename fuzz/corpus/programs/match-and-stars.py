import tensorflow as tf

for job in jobs:
    match job:
        case {'path': path, **rest}:
            model, *others = [tf.keras.models.load_model(path), *rest]
        case [path, *_] | str(path):
            (model := tf.keras.models.load_model(path)).predict(job)
