"""From the exception that ended an attempt to the stand-in that lets the next one go on.

Order of preference: the project's own file, then a stand-in of the kind that the name or the message asks for.  Nothing
is guessed twice: an action that did not help is not proposed again.
"""

from __future__ import annotations

import errno

from . import missing_files, missing_modules, names, old_keras, prepared_data, stand_in_models, surroundings

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from tflint_mem.verify.standins.action import Action

    from .state import State

    # gives the actions that it has for an exception, none where it is not about it
    Repair = Callable[[BaseException, State], Iterator[Action]]

# the first that has an action that was not tried yet is taken
_REPAIRS: tuple[Repair, ...] = (
    missing_files.guessed_path,
    old_keras.older_keras,
    missing_modules.gone_from_numpy,
    missing_modules.module,
    missing_modules.pictures,
    missing_modules.first_tensorflow,
    missing_modules.first_layers,
    missing_modules.environment_of_gym,
    missing_modules.summaries,
    missing_files.saved_dataset,
    missing_files.asserted_folder,
    missing_files.path,
    stand_in_models.shape,
    stand_in_models.rank,
    stand_in_models.outputs,
    stand_in_models.fitted,
    stand_in_models.layer,
    stand_in_models.classes,
    names.name_without_value,
    names.option,
    surroundings.environment_variable,
    surroundings.download,
    surroundings.arguments,
    surroundings.opencv,
    missing_files.nothing_to_run,
    missing_files.files_named_in_text,
    prepared_data.replaced,
)


def repairable(errors: Iterable[Exception], state: State) -> Exception | None:
    """The first of these exceptions that a stand-in could prevent, or None.  For exceptions that the snippet
    swallowed."""
    for error in errors:
        readable = getattr(error, "errno", None) != errno.EROFS
        if readable and missing_files.missing_path(error) or names.missing_name(error):
            return error
    return None


def propose(error: BaseException, state: State, handled: bool = False) -> list[Action]:
    """Actions that may let the snippet pass this exception; empty when it needs something that has no stand-in.

    handled: the snippet's own `except` took it, so that no statement of its has failed for good.
    """
    for repair in _REPAIRS:
        if handled and repair is prepared_data.replaced:
            continue
        actions = list(repair(error, state))
        key = (repair, tuple((action.code, action.rewrite) for action in actions))
        if actions and key not in state.tried:
            state.tried.add(key)
            return actions
    return []
