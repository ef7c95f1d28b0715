"""Streamlit scripts, which run again from the top for each interaction."""

from __future__ import annotations

from tflint_mem.facts import Imported, dotted

TYPE_CHECKING = False
if TYPE_CHECKING:
    from tflint_mem.project.linking.module import Module
    from tflint_mem.project.project import Project

# What a script shows things with: a module that calls none of these is no script.
_SHOWING = (
    "title",
    "write",
    "header",
    "file_uploader",
    "button",
    "sidebar",
    "text_input",
    "image",
    "markdown",
    "selectbox",
    "slider",
    "set_page_config",
    "subheader",
    "text_area",
    "number_input",
    "radio",
    "camera_input",
    "form",
    "columns",
    "chat_input",
    "tabs",
    "success",
    "pyplot",
    "dataframe",
)


class Scripts:
    """Answers of one project."""

    def __init__(self, project: Project) -> None:
        self.project = project
        self._names: dict[int, str] = {}
        self._phrases: dict[int, str] = {}

    def phrase(self, m: Module) -> str:
        """A phrase when the module runs again for each interaction, else "": what the script imports runs once."""
        found = self._phrases.get(m.index)
        if found is None:
            used = not self.streamlit(m) or any(
                not self.project.modules[index].unit_test for index in self.project.imports.importers(m)
            )
            found = self._phrases[m.index] = "" if used else "each interaction with the Streamlit script"
        return found

    def streamlit(self, m: Module) -> str:
        """The name under which a Streamlit script knows Streamlit; "" for any other module."""
        found = self._names.get(m.index)
        if found is None:
            found = self._names[m.index] = _streamlit_in(m)
        return found


def _streamlit_in(m: Module) -> str:
    for imported in imports_of(m):
        if imported.module == "streamlit" and not imported.level:
            for tail in _SHOWING:
                for i in m.calls_by_tail().get(tail, ()):
                    parts = dotted(m.calls[i].func)
                    if parts and parts[0] == imported.name:
                        return imported.name
    return ""


def imports_of(m: Module) -> list[Imported]:
    """What the imports at the top of a module bind, name by name."""
    return [
        binding.value
        for bindings in m.bindings(0).values()
        for binding in bindings
        if binding.kind == "import" and isinstance(binding.value, Imported)
    ]
