import tensorflow as tf


def rows0():
    yield from rows0()
    yield from rows1()
    yield from rows2()
    yield from rows3()
    yield from rows4()
    yield from rows5()
    yield from rows6()
    yield from rows7()
    yield tf.keras.Sequential([])

def rows1():
    yield from rows0()
    yield from rows1()
    yield from rows2()
    yield from rows3()
    yield from rows4()
    yield from rows5()
    yield from rows6()
    yield from rows7()
    yield tf.keras.Sequential([])

def rows2():
    yield from rows0()
    yield from rows1()
    yield from rows2()
    yield from rows3()
    yield from rows4()
    yield from rows5()
    yield from rows6()
    yield from rows7()
    yield tf.keras.Sequential([])

def rows3():
    yield from rows0()
    yield from rows1()
    yield from rows2()
    yield from rows3()
    yield from rows4()
    yield from rows5()
    yield from rows6()
    yield from rows7()
    yield tf.keras.Sequential([])

def rows4():
    yield from rows0()
    yield from rows1()
    yield from rows2()
    yield from rows3()
    yield from rows4()
    yield from rows5()
    yield from rows6()
    yield from rows7()
    yield tf.keras.Sequential([])

def rows5():
    yield from rows0()
    yield from rows1()
    yield from rows2()
    yield from rows3()
    yield from rows4()
    yield from rows5()
    yield from rows6()
    yield from rows7()
    yield tf.keras.Sequential([])

def rows6():
    yield from rows0()
    yield from rows1()
    yield from rows2()
    yield from rows3()
    yield from rows4()
    yield from rows5()
    yield from rows6()
    yield from rows7()
    yield tf.keras.Sequential([])

def rows7():
    yield from rows0()
    yield from rows1()
    yield from rows2()
    yield from rows3()
    yield from rows4()
    yield from rows5()
    yield from rows6()
    yield from rows7()
    yield tf.keras.Sequential([])


for model in rows0():
    model.predict(model)
