import tensorflow as tf

d0 = {'a': ['b']}
d1 = {'x': [d0, d0], 'y': d0}
d2 = {'x': [d1, d1], 'y': d1}
d3 = {'x': [d2, d2], 'y': d2}
d4 = {'x': [d3, d3], 'y': d3}
d5 = {'x': [d4, d4], 'y': d4}
d6 = {'x': [d5, d5], 'y': d5}
d7 = {'x': [d6, d6], 'y': d6}
d8 = {'x': [d7, d7], 'y': d7}
d9 = {'x': [d8, d8], 'y': d8}
d10 = {'x': [d9, d9], 'y': d9}
d11 = {'x': [d10, d10], 'y': d10}
d12 = {'x': [d11, d11], 'y': d11}
d13 = {'x': [d12, d12], 'y': d12}
d14 = {'x': [d13, d13], 'y': d13}
d15 = {'x': [d14, d14], 'y': d14}
d16 = {'x': [d15, d15], 'y': d15}
d17 = {'x': [d16, d16], 'y': d16}
d18 = {'x': [d17, d17], 'y': d17}
d19 = {'x': [d18, d18], 'y': d18}
for path in d19['x']:
    tf.keras.models.load_model(d19[path]).predict(d19)
