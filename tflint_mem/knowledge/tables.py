"""The tables of all areas as one.

Kinds: model, saved_model, layer, optimizer, metric, loss, history, callback, dataset, iterator, tensor, variable,
ndarray, tf.function, concrete, tape, session, graph, operation, saver, writer, table, interpreter, strategy, device,
shape, backend-function, estimator; and lists of them: layers, variables, tensors, parts, devices, signatures.
"""

from __future__ import annotations

from . import data, devices, functions, graphs, lite, loaders, models, tensors

_AREAS = [each.AREA for each in (models, loaders, functions, graphs, tensors, data, devices, lite)]

# name -> kind of what its call makes
RETURNS: dict[str, str] = {name: kind for area in _AREAS for kind, names in area.makes.items() for name in names}

# (kind, method) -> kind of what it gives
METHODS: dict[tuple[str, str], str] = {
    (kind, method): result
    for area in _AREAS
    for kind, results in area.methods.items()
    for result, methods in results.items()
    for method in methods
}

# (kind, attribute) -> its kind
ATTRIBUTES: dict[tuple[str, str], str] = {
    (kind, attribute): result
    for area in _AREAS
    for kind, attributes in area.attributes.items()
    for attribute, result in attributes.items()
}

# kind -> kind of its items
ELEMENTS: dict[str, str] = {kind: element for area in _AREAS for kind, element in area.elements.items()}

# another name -> the canonical one
ALIASES: dict[str, str] = {alias: name for area in _AREAS for alias, name in area.aliases.items()}
