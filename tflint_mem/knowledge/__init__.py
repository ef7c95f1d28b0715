"""Knowledge: what TensorFlow's and Keras' API is, as far as rules ask: names, what calls make, what is gone since when.

Facts come from the public API of TensorFlow 1.15 to 2.21 and Keras 2 and 3; what each thing retains was measured.  A
name that no table has is unknown, and nothing is said of what it gives.

    names       the one name of each thing: `canonical`
    area        the form of a table
    models, loaders, functions, graphs, tensors, data, devices, lite
                a table for each area, and the groups of its names that rules ask for; each says how a name is added
    tables      the tables of all areas as one
    operations  what makes tensors or graph nodes: `is_op`
    results     what kind of thing a call makes: `result_of`
    versions    names by the versions that have them

Nothing here knows of a project; a name may be added without touching anything else.
"""

from .devices import INITIALISERS
from .graphs import GRAPH_RELEASES, SESSION_TYPES
from .loaders import LOADERS
from .models import (
    BUILDERS,
    ENDS,
    FUNCTIONAL,
    GENERAL_MODELS,
    INPUTS,
    MODEL_FACTORIES,
    MODEL_METHODS,
    RELEASES,
    TRAINABLE,
    TRAINING_METHODS,
)
from .names import EXTERNAL_ROOTS, canonical
from .operations import is_op
from .results import result_of
from .tables import ATTRIBUTES, ELEMENTS, METHODS, RETURNS

__all__ = [
    "ATTRIBUTES",
    "BUILDERS",
    "ELEMENTS",
    "ENDS",
    "EXTERNAL_ROOTS",
    "FUNCTIONAL",
    "GENERAL_MODELS",
    "GRAPH_RELEASES",
    "INITIALISERS",
    "INPUTS",
    "LOADERS",
    "METHODS",
    "MODEL_FACTORIES",
    "MODEL_METHODS",
    "RELEASES",
    "RETURNS",
    "SESSION_TYPES",
    "TRAINABLE",
    "TRAINING_METHODS",
    "canonical",
    "is_op",
    "result_of",
]
