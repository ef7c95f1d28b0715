"""What the user wants of the server: options of the command, and settings of the editor."""

from __future__ import annotations

from tflint_mem.record import Record

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

SECTION = "tflint-mem"  # of the editor's settings
_LISTS = {"select": "select", "ignore": "ignore", "extendSelect": "extend-select"}


class Options(Record, kw_only=True):
    """Options of `tflint-mem server`.

    config    as for `check`      isolated   no configuration file is read
    trust     the configuration of the checked tree may say everything

    Only who starts the server says this, not the editor's settings: those may come with the checked tree.
    """

    __slots__ = ()
    config: tuple[str, ...] = ()
    isolated: bool = False
    trust: bool = False


class EditorSettings(Record, kw_only=True):
    """What the editor says.

    overrides      settings of the check, keys in kebab-case
    syntax_errors  show files that do not parse
    """

    __slots__ = ()
    overrides: dict[str, Any] = {}
    syntax_errors: bool = True

    @classmethod
    def of(cls, said: object) -> EditorSettings:
        """What can be used of some JSON; `{"tflint-mem": {…}}` counts as its inside."""
        if isinstance(said, dict) and isinstance(said.get(SECTION), dict):
            said = said[SECTION]
        if not isinstance(said, dict):
            return cls()
        overrides: dict[str, Any] = {}
        for name, key in _LISTS.items():
            value = said.get(name)
            if isinstance(value, list) and all(isinstance(item, str) for item in value):
                overrides[key] = value
        if isinstance(said.get("pedantic"), bool):
            overrides["pedantic"] = said["pedantic"]
        return cls(overrides=overrides, syntax_errors=said.get("showSyntaxErrors") is not False)
