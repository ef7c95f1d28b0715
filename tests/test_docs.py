"""The generated pages are what the program says."""

import importlib.util

from support import ROOT

DOCS = ROOT / "docs"


def test_pages_are_current():
    spec = importlib.util.spec_from_file_location("generate", DOCS / "generate.py")
    generate = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(generate)
    wanted = generate.pages()
    found = {
        str(p.relative_to(DOCS).as_posix()): p.read_text(encoding="utf-8")
        for p in [*(DOCS / name for name in wanted if "/" not in name), *sorted((DOCS / "rules").glob("*.md"))]
    }
    assert found == wanted, "run `python docs/generate.py`"
