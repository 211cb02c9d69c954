"""The standard objects, as tables that can be read and mended: one `.tsv` per object, one line per field.

`objects.tsv` lists the objects. In a field's table, *Rules* holds only what differs from its type's habit:

    required         describe's nillable is false          unique, restricted, id-lookup, name, html
    read-only        neither createable nor updateable     create-only, update-only
    defaulted        a create may leave it out             default-true: a checkbox that starts ticked
    always           no permission set can hide it         hideable: one can, although its kind says otherwise
    cascade          goes with its parent                  restrict-delete: keeps its parent from being deleted
    no-default       a checkbox of which describe tells no default
    no-filter        and no-sort, no-group, no-aggregate, or each without `no-`: against the type's habit

*Values* lists a picklist, `*` before the default and `=` before a label of its own, or names a file in `values/`.
Objects that a polymorphic field could also refer to, but that a pocket org does not carry, are left out. A line that
is named `@set` stands for one field for each line of `values/set.tsv`.

What an org has only once somebody switched it on lies in `features/`: objects of its own, and fields for the others.

Source: Object Reference for the Salesforce Platform, Salesforce Field Reference Guide, and describes of Developer
Edition orgs, Summer '24.
"""

from collections.abc import Iterable, Iterator
from importlib.resources import files
from importlib.resources.abc import Traversable

from sfsync.pocketorg.schema import Field, PicklistValue, Schema, SObject

#: what `objects.tsv` calls it, and what describe calls it
_TRAITS = {
    "search": "searchable",
    "layout": "layoutable",
    "trigger": "triggerable",
    "recent": "mruEnabled",
    "feed": "feedEnabled",
    "merge": "mergeable",
    "clone": "deepCloneable",
    "undelete": "undeletable",
}
#: what can be switched on
FEATURES = frozenset({"multicurrency", "quotes", "schedules"})
_GROUPABLE = frozenset(
    {"id", "reference", "boolean", "string", "textarea", "picklist", "combobox", "phone", "url", "int", "date", "email"}
)
_NUMBERS = frozenset({"double", "currency", "percent"})
#: longer text can be neither grouped nor, as a text area, filtered
_LONGEST_KEY = 255


def schema(features: Iterable[str] = ()) -> Schema:
    """All standard objects: a fresh copy at each call, for the caller to add to. Raises ValueError for no feature."""
    home, wanted = files(__name__), frozenset(features)
    if not wanted <= FEATURES:
        raise ValueError(
            f"no such feature: {', '.join(sorted(wanted - FEATURES))}; there are {', '.join(sorted(FEATURES))}"
        )
    found = Schema((_object(row, home) for row in _rows(home / "objects.tsv")), features=wanted)
    folders = [home / "features" / feature for feature in sorted(wanted)]
    for folder in folders:
        for row in _rows(folder / "objects.tsv"):
            found.add(_object(row, folder))
    for folder in folders:
        _extend(found, folder)
    return found


def _extend(schema: Schema, folder: Traversable) -> None:
    """Give the objects of other tables the fields that they have once the feature is on."""
    for table in sorted(folder.iterdir(), key=lambda each: each.name):
        sobject = schema.get(table.name.removesuffix(".tsv"))
        for field in _fields(table) if sobject else ():
            assert sobject is not None
            sobject.add(field)


def _rows(table: Traversable) -> Iterator[list[str]]:
    lines = table.read_text(encoding="utf-8").splitlines()
    columns = lines[0].count("\t") + 1
    for line in lines[1:]:
        cells = line.split("\t")
        yield cells + [""] * (columns - len(cells))


def _object(row: list[str], folder: Traversable) -> SObject:
    name, label, plural, prefix, abilities = row
    can = set(abilities.split())
    fields = list(_fields(folder / f"{name}.tsv"))
    return SObject(
        name=name,
        label=label,
        label_plural=plural,
        key_prefix=prefix,
        fields={f.name.lower(): f for f in fields},
        createable="create" in can,
        updateable="update" in can,
        deletable="delete" in can,
        replicateable="replicate" in can,
        hard_delete="destroy" in can,
        traits=frozenset(_TRAITS[word] for word in can & _TRAITS.keys()),
    )


def _fields(table: Traversable) -> Iterator[Field]:
    for cells in _rows(table):
        if cells[0].startswith("@"):
            for name, label in _listed(cells[0]):
                yield _field([name, label, *cells[2:]])
        else:
            yield _field(cells)


def _field(cells: list[str]) -> Field:
    name, label, kind, size, words, refers_to, parent, children, compound, extra, values = cells
    rules = set(words.split())
    length = int(size) if size and kind not in _NUMBERS else 0
    precision, scale = map(int, size.split(",")) if kind in _NUMBERS else (0, 0)
    picklist = tuple(_values(values))
    short = kind != "base64" and not (kind == "textarea" and length > _LONGEST_KEY)
    nillable = "required" not in rules and kind != "boolean"
    writable = "read-only" not in rules
    return Field(
        name=name,
        label=label,
        type=kind,
        length=18 if kind in {"id", "reference"} else length,
        precision=precision,
        scale=scale,
        nillable=nillable,
        createable=writable and "update-only" not in rules,
        updateable=writable and "create-only" not in rules,
        filterable=_able("filter", rules, usual=short),
        sortable=_able("sort", rules, usual=short and kind != "address"),
        groupable=_able("group", rules, usual=short and length <= _LONGEST_KEY and kind in _GROUPABLE),
        aggregatable=_able("aggregate", rules, usual=short and kind not in {"boolean", "address"}),
        unique="unique" in rules,
        id_lookup="id-lookup" in rules or kind == "id",
        name_field="name" in rules,
        restricted="restricted" in rules,
        picklist=picklist,
        reference_to=tuple(refers_to.split("|")) if refers_to else (),
        relationship_name=parent,
        child_relationship_name=children,
        cascade_delete="cascade" in rules,
        restricted_delete="restrict-delete" in rules,
        default=_default(kind, picklist, rules),
        defaulted_on_create="defaulted" in rules or kind == "boolean",
        permissionable=_hideable(kind, rules, optional=nillable and writable),
        compound=compound,
        extra_type=extra or ("plaintextarea" if kind == "textarea" else ""),
    )


def _able(word: str, rules: set[str], *, usual: bool) -> bool:
    return word in rules or (usual and f"no-{word}" not in rules)


def _default(kind: str, picklist: tuple[PicklistValue, ...], rules: set[str]) -> str | bool | None:
    if kind == "boolean":
        return None if "no-default" in rules else "default-true" in rules
    return next((v.value for v in picklist if v.default), None)


def _hideable(kind: str, rules: set[str], *, optional: bool) -> bool:
    usual = kind == "address" or (optional and kind != "boolean")
    return "hideable" in rules or (usual and "always" not in rules)


def _values(cell: str) -> Iterator[PicklistValue]:
    """Read `A; *B; C=Label`, or `@set` for the file `values/set.tsv`."""
    pairs = _listed(cell) if cell.startswith("@") else [each.split("=") for each in cell.split("; ") if each]
    for pair in pairs:
        value = pair[0].removeprefix("*")
        yield PicklistValue(value=value, label=pair[-1].removeprefix("*"), default=pair[0].startswith("*"))


def _listed(name: str) -> list[list[str]]:
    table = files(__name__) / "values" / f"{name[1:]}.tsv"
    return [line.split("\t") for line in table.read_text("utf-8").splitlines()]
