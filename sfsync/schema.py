"""The settings as a JSON Schema, so that an editor completes them, explains them and marks mistakes as one writes."""

import json
from datetime import timedelta
from decimal import Decimal
from typing import Any

from pydantic.json_schema import GenerateJsonSchema, JsonSchemaMode, JsonSchemaValue
from pydantic_core import CoreSchema, core_schema

from sfsync.schedule import BusinessHours
from sfsync.settings import Settings

#: the schema's file, beside the settings, which name it in their first line
FILE = "sfsync.schema.json"
FIRST_LINE = f"# yaml-language-server: $schema={FILE}"


def schema() -> str:
    """The whole schema as text."""
    made = Settings.model_json_schema(schema_generator=_Generator)
    return (
        json.dumps({"$schema": "http://json-schema.org/draft-07/schema#", **made}, indent=2, ensure_ascii=False) + "\n"
    )


def spelled(value: Any) -> str:
    """A default as an admin writes it."""
    if isinstance(value, timedelta):
        for name, size in (("days", 86400), ("minutes", 60)):
            if value.total_seconds() % size == 0:
                return f"{value.total_seconds() / size:.0f} {name}"
        return f"{value.total_seconds():.0f} seconds"
    return "at all times" if isinstance(value, BusinessHours) else str(value)


class _Generator(GenerateJsonSchema):
    """Pydantic's own, with defaults as an admin writes them, and none that editors would have to unfold."""

    def generate(self, schema: CoreSchema, mode: JsonSchemaMode = "validation") -> JsonSchemaValue:
        return dict(_plain(super().generate(schema, mode)))

    def default_schema(self, schema: core_schema.WithDefaultSchema) -> JsonSchemaValue:
        inner = self.generate_inner(schema["schema"])
        default = schema.get("default")
        if isinstance(default, timedelta):
            return {**inner, "default": spelled(default)}
        if isinstance(default, Decimal):
            return {**inner, "default": float(default)}
        return {**inner, "default": default} if isinstance(default, str) and default else inner

    def decimal_schema(self, schema: core_schema.DecimalSchema) -> JsonSchemaValue:
        least = {"minimum": float(schema["ge"])} if "ge" in schema else {}
        return {"type": "number", **least}


def _plain(made: Any) -> Any:
    """Without the titles that pydantic makes of each field's name, and without what only our docs read."""
    if isinstance(made, list):
        return [_plain(each) for each in made]
    if not isinstance(made, dict):
        return made
    return {k: _plain(v) for k, v in made.items() if k not in {"title", "when", "do"} or not isinstance(v, str)}
