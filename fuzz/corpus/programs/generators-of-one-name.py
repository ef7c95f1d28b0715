import tensorflow as tf

if flag0:
    def rows():
        yield from rows()
        yield tf.keras.models.clone_model(model)
elif flag1:
    def rows():
        yield from rows()
        yield tf.keras.models.clone_model(model)
elif flag2:
    def rows():
        yield from rows()
        yield tf.keras.models.clone_model(model)
elif flag3:
    def rows():
        yield from rows()
        yield tf.keras.models.clone_model(model)
elif flag4:
    def rows():
        yield from rows()
        yield tf.keras.models.clone_model(model)
elif flag5:
    def rows():
        yield from rows()
        yield tf.keras.models.clone_model(model)
elif flag6:
    def rows():
        yield from rows()
        yield tf.keras.models.clone_model(model)
elif flag7:
    def rows():
        yield from rows()
        yield tf.keras.models.clone_model(model)
elif flag8:
    def rows():
        yield from rows()
        yield tf.keras.models.clone_model(model)
