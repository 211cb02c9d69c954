"""What a deployment takes away: `destructiveChanges.xml` and what it does to a schema.

Source: Metadata API Developer Guide, "Deleting Components from an Organization".
"""

from dataclasses import dataclass

from sfsync.pocketorg.schema import Schema


@dataclass(frozen=True, kw_only=True, slots=True)
class Removal:
    """A component that is to go, by its full name."""

    kind: str
    name: str

    def apply(self, schema: Schema) -> None:
        """Take objects, fields and rules off the schema. What becomes rows is for the org to delete."""
        owner, _, part = self.name.partition(".")
        sobject = schema.get(owner)
        if sobject is None:
            return
        if self.kind == "CustomObject":
            schema.remove(owner)
        elif self.kind == "CustomField":
            sobject.fields.pop(part.lower(), None)
        elif self.kind == "ValidationRule":
            sobject.rules[:] = [rule for rule in sobject.rules if rule.name != part]
