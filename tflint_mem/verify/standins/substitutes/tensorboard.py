"""The part of TensorBoard that programs call: domains of hyperparameters, which are plain values; nothing is shown."""

import contextlib
import types


class Discrete:
    """One of some values."""

    def __init__(self, values, dtype=None):
        self.values = list(values)
        self.dtype = dtype or type(self.values[0])

    def sample_uniform(self, rng=None):
        return self.values[0]


class IntInterval:
    """The values from one to another."""

    def __init__(self, min_value=None, max_value=None):
        self.min_value, self.max_value = min_value, max_value
        self.values, self.dtype = [min_value, max_value], type(min_value)

    def sample_uniform(self, rng=None):
        return self.min_value


RealInterval = IntInterval


class HParam:
    """A hyperparameter; hashable, as programs use it as a key."""

    def __init__(self, name, domain=None, display_name=None, description=None):
        self.name, self.domain = name, domain
        self.display_name, self.description = display_name, description


class Metric:
    """The name of a number."""

    def __init__(self, tag, group=None, display_name=None, description=None, dataset_type=None):
        self.tag, self.display_name = tag, display_name

    TRAINING, VALIDATION = "training", "validation"


def hparams(values, trial_id=None, start_time_secs=None):
    """Takes the values of a run and writes nothing."""
    return True


def hparams_config(hparams, metrics, time_created_secs=None):
    """Takes what runs are about and writes nothing."""
    return True


def KerasCallback(writer, values, trial_id=None):
    """A callback that does nothing."""
    import tensorflow as tf

    return tf.keras.callbacks.Callback()


class program:
    """`tensorboard.program`, which would start a server."""

    class TensorBoard:
        def configure(self, *arguments, **options):
            return self

        def launch(self):
            return "http://localhost:6006/"


@contextlib.contextmanager
def notebook(*arguments):
    """Nothing is shown in a notebook."""
    yield


# what `from tensorboard.plugins.hparams import api` names
api = types.SimpleNamespace(
    Discrete=Discrete,
    IntInterval=IntInterval,
    RealInterval=RealInterval,
    HParam=HParam,
    Metric=Metric,
    hparams=hparams,
    hparams_config=hparams_config,
    KerasCallback=KerasCallback,
)
