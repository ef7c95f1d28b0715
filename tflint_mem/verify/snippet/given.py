"""What the user gives for the names that code does not define: comments in a file, and the source of a setup."""

from __future__ import annotations

import ast
import re

from tflint_mem.verify.plan.options import OptionError

from .scope import binds

TYPE_CHECKING = False
if TYPE_CHECKING:
    from .first_party import FileModel


def bound_by(setup: str) -> set[str]:
    """Names that the source of a setup defines.  Raises OptionError for source that does not parse."""
    try:
        tree = ast.parse(setup)
    except SyntaxError as error:
        raise OptionError(f"verify setup: {error}") from None
    names: set[str] = set()
    for statement in tree.body:
        names |= binds(statement)
    return names


def verify_with(model: FileModel) -> dict[str, str]:
    """Source of the values that `# tflint-mem: verify-with name=expression, ...` comments of a file give, by name."""
    given: dict[str, str] = {}
    for row in model.text.rows:
        match = re.search(r"#\s*tflint-mem:\s*verify-with\s+(.+)$", row)
        if match:
            try:
                call = ast.parse(f"f({match.group(1)})", mode="eval").body
            except SyntaxError:
                continue
            if isinstance(call, ast.Call):
                given.update({keyword.arg: ast.unparse(keyword.value) for keyword in call.keywords if keyword.arg})
    return given
