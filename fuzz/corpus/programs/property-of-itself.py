import tensorflow as tf


class Server:
    @property
    def model(self):
        return self.model or tf.keras.models.load_model(self.model)

    def serve(self):
        while True:
            self.model.predict(self.model)
