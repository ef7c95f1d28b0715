"""The JSON schema of a configuration file, made from the tables that the program itself goes by.

It holds for a `tflint-mem.toml`, and for the table `[tool.tflint-mem]` of a `pyproject.toml`.  Codes and names of
rules are listed as the documentation writes them; the program takes them in any case.
"""

from __future__ import annotations

from tflint_mem.finding import SEVERITIES

from . import manual, tables

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    Schema = dict[str, Any]

DIALECT = "http://json-schema.org/draft-07/schema#"  # what editors understand


def schema() -> Schema:
    """The schema as plain values."""
    return {
        "$schema": DIALECT,
        "title": "tflint-mem",
        "description": "The configuration of tflint-mem: a tflint-mem.toml, or [tool.tflint-mem] of a pyproject.toml.",
        "type": "object",
        "additionalProperties": False,
        "properties": {key: _property(key, kind) for key, kind in tables.KEYS.items()},
        "definitions": {
            "selector": {"description": "A code, a prefix of codes, a name or ALL.", "enum": _selectors()},
            "selectors": _list({"$ref": "#/definitions/selector"}),
            "severity": {"enum": list(SEVERITIES)},
            "severities": {
                "type": "object",
                "propertyNames": {"$ref": "#/definitions/selector"},
                "additionalProperties": {"$ref": "#/definitions/severity"},
            },
        },
    }


def _property(key: str, kind: str) -> Schema:
    described: Schema = {"description": manual.ENTRIES[key].text}
    value = manual.default(key)
    if value is not None and key != "verify":
        described["default"] = value
    return {**described, **_KINDS[kind]}


def _list(items: Schema) -> Schema:
    return {"type": "array", "items": items}


def _by_file(values: Schema) -> Schema:
    return {"type": "object", "additionalProperties": values}


def _selectors() -> list[str]:
    from tflint_mem.ruleset.registry import LISTED

    codes = [rule.code for rule in LISTED]
    prefixes = {code[:length] for code in codes for length in range(3, len(code))}
    return ["ALL", *sorted(prefixes), *codes, *(rule.name for rule in LISTED)]


def _verify() -> Schema:
    seconds: Schema = {"type": "number", "exclusiveMinimum": 0}
    kinds: dict[str, Schema] = {
        "device": {"enum": ["auto", "cpu", "gpu"]},
        "memory-limit": {
            "anyOf": [
                {"type": "number", "exclusiveMinimum": 0},
                {"type": "string", "pattern": r"^\s*[0-9.]+\s*([KkMmGgTt][Ii]?)?[Bb]?\s*$"},
            ]
        },
        "network": {"type": "boolean"},
        "codes": _list({"type": "string"}),
        "timeout": seconds,
        "total-timeout": seconds,
        "seconds": seconds,
    }
    return {
        "type": "object",
        "additionalProperties": False,
        "properties": {
            key: {"description": text, **kinds.get(key, {"type": "string"})} for key, text in manual.VERIFY.items()
        },
    }


_SELECTORS: Schema = {"$ref": "#/definitions/selectors"}
_SEVERITIES: Schema = {"$ref": "#/definitions/severities"}
_KINDS: dict[str, Schema] = {
    tables.STRINGS: _list({"type": "string"}),
    tables.STRING: {"type": "string"},
    tables.BOOL: {"type": "boolean"},
    tables.COUNT: {"type": "integer", "exclusiveMinimum": 0},
    tables.SIZE: {"type": "integer", "exclusiveMinimum": 0},
    tables.PROCESSES: {"type": "integer", "minimum": 0, "maximum": tables.MOST_JOBS},
    tables.SECONDS: {"type": "number", "minimum": 0, "exclusiveMaximum": 1e9},
    tables.TABLE: _verify(),
    tables.FORMAT: {"enum": list(tables.OUTPUT_FORMATS)},
    tables.SELECTORS: {"allOf": [_SELECTORS]},  # beside a reference nothing else counts in this dialect
    tables.SEVERITY: {"allOf": [{"$ref": "#/definitions/severity"}]},
    tables.FILE_SELECTORS: _by_file(_SELECTORS),
    tables.SEVERITY_TABLE: {"allOf": [_SEVERITIES]},
    tables.FILE_SEVERITIES: _by_file(_SEVERITIES),
}
