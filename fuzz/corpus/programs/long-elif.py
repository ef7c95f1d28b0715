import tensorflow as tf

for path in paths:
    if path == 0:
        model = tf.keras.models.load_model(path)
    elif path == 1:
        model = tf.keras.models.load_model(path)
    elif path == 2:
        model = tf.keras.models.load_model(path)
    elif path == 3:
        model = tf.keras.models.load_model(path)
    elif path == 4:
        model = tf.keras.models.load_model(path)
    elif path == 5:
        model = tf.keras.models.load_model(path)
    elif path == 6:
        model = tf.keras.models.load_model(path)
    elif path == 7:
        model = tf.keras.models.load_model(path)
    elif path == 8:
        model = tf.keras.models.load_model(path)
    elif path == 9:
        model = tf.keras.models.load_model(path)
    elif path == 10:
        model = tf.keras.models.load_model(path)
    elif path == 11:
        model = tf.keras.models.load_model(path)
    elif path == 12:
        model = tf.keras.models.load_model(path)
    elif path == 13:
        model = tf.keras.models.load_model(path)
    elif path == 14:
        model = tf.keras.models.load_model(path)
    elif path == 15:
        model = tf.keras.models.load_model(path)
    elif path == 16:
        model = tf.keras.models.load_model(path)
    elif path == 17:
        model = tf.keras.models.load_model(path)
    elif path == 18:
        model = tf.keras.models.load_model(path)
    elif path == 19:
        model = tf.keras.models.load_model(path)
    elif path == 20:
        model = tf.keras.models.load_model(path)
    elif path == 21:
        model = tf.keras.models.load_model(path)
    elif path == 22:
        model = tf.keras.models.load_model(path)
    elif path == 23:
        model = tf.keras.models.load_model(path)
    elif path == 24:
        model = tf.keras.models.load_model(path)
    elif path == 25:
        model = tf.keras.models.load_model(path)
    elif path == 26:
        model = tf.keras.models.load_model(path)
    elif path == 27:
        model = tf.keras.models.load_model(path)
    elif path == 28:
        model = tf.keras.models.load_model(path)
    elif path == 29:
        model = tf.keras.models.load_model(path)
    elif path == 30:
        model = tf.keras.models.load_model(path)
    elif path == 31:
        model = tf.keras.models.load_model(path)
    elif path == 32:
        model = tf.keras.models.load_model(path)
    elif path == 33:
        model = tf.keras.models.load_model(path)
    elif path == 34:
        model = tf.keras.models.load_model(path)
    elif path == 35:
        model = tf.keras.models.load_model(path)
    elif path == 36:
        model = tf.keras.models.load_model(path)
    elif path == 37:
        model = tf.keras.models.load_model(path)
    elif path == 38:
        model = tf.keras.models.load_model(path)
    elif path == 39:
        model = tf.keras.models.load_model(path)
    elif path == 40:
        model = tf.keras.models.load_model(path)
    elif path == 41:
        model = tf.keras.models.load_model(path)
    elif path == 42:
        model = tf.keras.models.load_model(path)
    elif path == 43:
        model = tf.keras.models.load_model(path)
    elif path == 44:
        model = tf.keras.models.load_model(path)
    elif path == 45:
        model = tf.keras.models.load_model(path)
    elif path == 46:
        model = tf.keras.models.load_model(path)
    elif path == 47:
        model = tf.keras.models.load_model(path)
    elif path == 48:
        model = tf.keras.models.load_model(path)
    elif path == 49:
        model = tf.keras.models.load_model(path)
    elif path == 50:
        model = tf.keras.models.load_model(path)
    elif path == 51:
        model = tf.keras.models.load_model(path)
    elif path == 52:
        model = tf.keras.models.load_model(path)
    elif path == 53:
        model = tf.keras.models.load_model(path)
    elif path == 54:
        model = tf.keras.models.load_model(path)
    elif path == 55:
        model = tf.keras.models.load_model(path)
    elif path == 56:
        model = tf.keras.models.load_model(path)
    elif path == 57:
        model = tf.keras.models.load_model(path)
    elif path == 58:
        model = tf.keras.models.load_model(path)
    elif path == 59:
        model = tf.keras.models.load_model(path)
    elif path == 60:
        model = tf.keras.models.load_model(path)
    elif path == 61:
        model = tf.keras.models.load_model(path)
    elif path == 62:
        model = tf.keras.models.load_model(path)
    elif path == 63:
        model = tf.keras.models.load_model(path)
    elif path == 64:
        model = tf.keras.models.load_model(path)
    elif path == 65:
        model = tf.keras.models.load_model(path)
    elif path == 66:
        model = tf.keras.models.load_model(path)
    elif path == 67:
        model = tf.keras.models.load_model(path)
    elif path == 68:
        model = tf.keras.models.load_model(path)
    elif path == 69:
        model = tf.keras.models.load_model(path)
    elif path == 70:
        model = tf.keras.models.load_model(path)
    elif path == 71:
        model = tf.keras.models.load_model(path)
    elif path == 72:
        model = tf.keras.models.load_model(path)
    elif path == 73:
        model = tf.keras.models.load_model(path)
    elif path == 74:
        model = tf.keras.models.load_model(path)
    elif path == 75:
        model = tf.keras.models.load_model(path)
    elif path == 76:
        model = tf.keras.models.load_model(path)
    elif path == 77:
        model = tf.keras.models.load_model(path)
    elif path == 78:
        model = tf.keras.models.load_model(path)
    elif path == 79:
        model = tf.keras.models.load_model(path)
    elif path == 80:
        model = tf.keras.models.load_model(path)
    elif path == 81:
        model = tf.keras.models.load_model(path)
    elif path == 82:
        model = tf.keras.models.load_model(path)
    elif path == 83:
        model = tf.keras.models.load_model(path)
    elif path == 84:
        model = tf.keras.models.load_model(path)
    elif path == 85:
        model = tf.keras.models.load_model(path)
    elif path == 86:
        model = tf.keras.models.load_model(path)
    elif path == 87:
        model = tf.keras.models.load_model(path)
    elif path == 88:
        model = tf.keras.models.load_model(path)
    elif path == 89:
        model = tf.keras.models.load_model(path)
    elif path == 90:
        model = tf.keras.models.load_model(path)
    elif path == 91:
        model = tf.keras.models.load_model(path)
    elif path == 92:
        model = tf.keras.models.load_model(path)
    elif path == 93:
        model = tf.keras.models.load_model(path)
    elif path == 94:
        model = tf.keras.models.load_model(path)
    elif path == 95:
        model = tf.keras.models.load_model(path)
    elif path == 96:
        model = tf.keras.models.load_model(path)
    elif path == 97:
        model = tf.keras.models.load_model(path)
    elif path == 98:
        model = tf.keras.models.load_model(path)
    elif path == 99:
        model = tf.keras.models.load_model(path)
    elif path == 100:
        model = tf.keras.models.load_model(path)
    elif path == 101:
        model = tf.keras.models.load_model(path)
    elif path == 102:
        model = tf.keras.models.load_model(path)
    elif path == 103:
        model = tf.keras.models.load_model(path)
    elif path == 104:
        model = tf.keras.models.load_model(path)
    elif path == 105:
        model = tf.keras.models.load_model(path)
    elif path == 106:
        model = tf.keras.models.load_model(path)
    elif path == 107:
        model = tf.keras.models.load_model(path)
    elif path == 108:
        model = tf.keras.models.load_model(path)
    elif path == 109:
        model = tf.keras.models.load_model(path)
    elif path == 110:
        model = tf.keras.models.load_model(path)
    elif path == 111:
        model = tf.keras.models.load_model(path)
    elif path == 112:
        model = tf.keras.models.load_model(path)
    elif path == 113:
        model = tf.keras.models.load_model(path)
    elif path == 114:
        model = tf.keras.models.load_model(path)
    elif path == 115:
        model = tf.keras.models.load_model(path)
    elif path == 116:
        model = tf.keras.models.load_model(path)
    elif path == 117:
        model = tf.keras.models.load_model(path)
    elif path == 118:
        model = tf.keras.models.load_model(path)
    elif path == 119:
        model = tf.keras.models.load_model(path)
    model.predict(rows)
