import tensorflow as tf


class Committee:
    def vote(self, paths, rows):
        def clear():
            self.members = []

        for path in paths:
            clear()
            self.members.append(tf.keras.models.load_model(path))
            for member in self.members:
                print(member.predict(rows))
