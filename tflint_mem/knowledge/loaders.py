"""Loaders and savers: what brings a model from a file or a hub, and what writes one.

`AREA` is the table.  To add a loader, add its canonical name to the kind it makes and to `LOADERS`, by which rules know
it; one with a model class in its name (`TFBertModel.from_pretrained`) needs a rule in `names`, too.
"""

from .area import Area

AREA = Area(
    makes={
        "model": (
            "keras.load_model",
            "keras.model_from_json",
            "keras.model_from_yaml",
            "keras.model_from_config",
            "keras.models.load",
            "keras.saving.deserialize_keras_object",
            "transformers.TFModel.from_pretrained",
            "keras_hub.from_preset",
        ),
        "saved_model": ("tf.saved_model.load", "hub.load"),
        "saver": ("tf.train.Saver",),
    },
    methods={"saved_model": {"tensor": ("call", "__call__")}},
    attributes={"saved_model": {"signatures": "signatures"}},
    elements={"signatures": "saved_model"},
    aliases={"tf.saved_model.load_v2": "tf.saved_model.load", "tensorflow_hub.load": "hub.load"},
)

# -- groups that rules ask for ----------------------------------------------------------------------------------------

LOADERS = frozenset(
    (
        "keras.load_model",
        "keras.model_from_json",
        "keras.model_from_yaml",
        "keras.model_from_config",
        "tf.saved_model.load",
        "hub.load",
        "keras.saving.deserialize_keras_object",
        "keras.TFSMLayer",
        "tf.saved_model.loader.load",
        "transformers.TFModel.from_pretrained",
        "transformers.pipeline",
        "keras_hub.from_preset",
    )
)
