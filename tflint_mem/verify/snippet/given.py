"""What the user gives for the names that code does not define: comments in a file, and the source of a setup."""

from __future__ import annotations

import ast
import re

from tflint_mem.hardening.parsing import parsed
from tflint_mem.verify.plan.options import OptionError

from .scope import binds

TYPE_CHECKING = False
if TYPE_CHECKING:
    from .first_party import FileModel


def bound_by(setup: str) -> set[str]:
    """Names that the source of a setup defines.  Raises OptionError for source that does not parse."""
    try:
        tree = parsed(setup)
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
                (statement,) = parsed(f"f({match.group(1)})").body
            except (SyntaxError, ValueError):
                continue  # it is no call, or more than one statement
            call = statement.value if isinstance(statement, ast.Expr) else None
            if isinstance(call, ast.Call):
                given.update({keyword.arg: ast.unparse(keyword.value) for keyword in call.keywords if keyword.arg})
    return given
