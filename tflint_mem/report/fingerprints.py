"""What services know a finding by from one run to the next: it stays when code moves, and twins differ."""

from __future__ import annotations

import hashlib

from tflint_mem.silencing import baseline

TYPE_CHECKING = False
if TYPE_CHECKING:
    from tflint_mem.finding import Finding
    from tflint_mem.silencing.baseline import Key

    from .run import Get


def fingerprints(findings: list[Finding], get: Get, root: str) -> list[str]:
    """One for each finding, of its rule, its file below `root` and the text of its row: `hash:which of its twins`."""
    seen: dict[Key, int] = {}
    result: list[str] = []
    for key in baseline.keys(findings, get, root):
        seen[key] = seen.get(key, 0) + 1
        digest = hashlib.sha256("\0".join(key).encode("utf-8", "surrogatepass")).hexdigest()
        result.append(f"{digest[:16]}:{seen[key]}")
    return result
