"""Models and what they are made of: layers, optimizers, losses, metrics, callbacks, histories.

`AREA` is the table.  To add a name that makes a model or layer, add its canonical name (`canonical("…")` says it) to
the kind it makes; a class in `keras.layers`, `keras.optimizers`, `keras.metrics`, `keras.losses`, `keras.callbacks` or
`keras.applications` is known by its place (see `results`).  A method goes to the kind it belongs to, under what it
gives.  What makes a model that stays, ends with it, or is called on it belongs into one of the groups behind the table,
too: rules ask for these.
"""

from .area import Area

AREA = Area(
    makes={
        "model": (
            "keras.Model",
            "keras.Sequential",
            "keras.Functional",
            "keras.clone_model",
            "keras.Model.from_config",
            "keras.Sequential.from_config",
            "keras.utils.multi_gpu_model",
            "transformers.TFModel",
            "transformers.TFModel.from_config",
        ),
        "layer": (
            "hub.KerasLayer",
            "hub.Module",
            "keras.TFSMLayer",
            "tf.Module",
            "keras.layers.deserialize",
            "keras.layers.layer_from_config",
            "keras.utils.layer_from_config",
        ),
        "optimizer": ("keras.optimizers.get", "keras.optimizers.deserialize"),
        "history": ("keras.History", "keras.callbacks.History"),
    },
    methods={
        "model": {
            "history": ("fit", "fit_generator"),
            "ndarray": ("predict", "predict_on_batch", "predict_generator", "predict_classes", "predict_proba"),
            "tensor": ("call", "__call__"),
            "layer": ("get_layer",),
        },
        "layer": {"tensor": ("call", "__call__")},
        "optimizer": {"operation": ("minimize", "apply_gradients"), "tensor": ("compute_gradients",)},
        "metric": {"tensor": ("result", "__call__")},
        "loss": {"tensor": ("__call__",)},
    },
    attributes={
        "model": {
            "output": "tensor",
            "input": "tensor",
            "outputs": "tensors",
            "inputs": "tensors",
            "optimizer": "optimizer",
            "history": "history",
            "layers": "layers",
            "trainable_variables": "variables",
            "trainable_weights": "variables",
            "variables": "variables",
            "weights": "variables",
        },
        "history": {"model": "model"},
        "layer": {"output": "tensor", "input": "tensor"},
        "callback": {"model": "model"},
    },
    elements={"layers": "layer"},
    aliases={"tensorflow_hub.KerasLayer": "hub.KerasLayer", "tensorflow_hub.Module": "hub.Module"},
)

# Third-party packages that make Keras models under names of their own: constructors return a model.
MODEL_FACTORIES = frozenset(
    (
        "segmentation_models.Unet",
        "segmentation_models.FPN",
        "segmentation_models.Linknet",
        "segmentation_models.PSPNet",
        "efficientnet.keras",
        "efficientnet.tfkeras",
        "classification_models.keras",
        "keras_cv.models",
        "keras_hub.models",
        "keras_nlp.models",
    )
)

# -- groups that rules ask for ----------------------------------------------------------------------------------------

BUILDERS = frozenset(
    (
        "keras.Model",
        "keras.Sequential",
        "keras.Functional",
        "keras.clone_model",
        "keras.Model.from_config",
        "keras.Sequential.from_config",
        "hub.KerasLayer",
        "transformers.TFModel",
        "transformers.TFModel.from_config",
    )
)
RELEASES = frozenset(("keras.clear_session", "gc.collect"))
TRAINING_METHODS = frozenset(("fit", "fit_generator", "train_on_batch"))
MODEL_METHODS = frozenset(
    (
        "compile",
        "fit",
        "fit_generator",
        "train_on_batch",
        "evaluate",
        "evaluate_generator",
        "test_on_batch",
        "predict",
        "predict_on_batch",
        "predict_generator",
        "predict_classes",
        "predict_proba",
        "summary",
        "save",
        "save_weights",
        "load_weights",
        "get_weights",
        "set_weights",
        "to_json",
        "export",
        "reset_states",
        "make_predict_function",
        "_make_predict_function",
        "count_params",
    )
)

INPUTS = frozenset(("keras.Input", "keras.layers.Input"))  # make a symbolic tensor
FUNCTIONAL = frozenset(("keras.Model", "keras.Functional"))  # make a model of symbolic tensors
GENERAL_MODELS = FUNCTIONAL | {"keras.Sequential"}
ENDS = frozenset(("input", "inputs", "output", "outputs"))  # attributes of a model: its symbolic tensors
TRAINABLE = frozenset(("trainable_variables", "trainable_weights"))  # attributes of a model: what a step changes
