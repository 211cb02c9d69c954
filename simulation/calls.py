"""What calls are for, as it goes over the wire, and the fewest that some forms would cost."""

from collections.abc import Iterable

#: records of one read with their lines, files of one composite graph call, bells of one call
_READ, _GRAPHS, _BELLS = 375, 75, 200
#: by a part of the address, then by a part of the body
_ADDRESSES = {"/oauth2/": "logins", "/composite/graph": "files", "/customNotificationAction": "bells"}
_BODIES = {b"FROM%20Order_Form__c%20": "reads", b"SystemModstamp": "looks"}
KINDS = (*_ADDRESSES.values(), *_BODIES.values(), "others")


def kind(address: str, body: bytes) -> str:
    """One of `KINDS`."""
    by_address = (name for part, name in _ADDRESSES.items() if part in address)
    by_body = (name for part, name in _BODIES.items() if part in body)
    return next(by_address, None) or next(by_body, "others")


def reads(forms: int) -> int:
    """The fewest calls that read so many records."""
    return -(-forms // _READ)


def least(forms: int) -> int:
    """The calls without which nobody could make so many forms: a look that finds them, reads, files, bells."""
    return 1 + reads(forms) + sum(-(-forms // at_once) for at_once in (_GRAPHS, _BELLS))


def words(counted: Iterable[tuple[str, int]]) -> str:
    """The kinds of calls with their numbers, the most frequent first: `27 files, 12 reads`."""
    found = sorted(((number, name) for name, number in counted if number), key=lambda each: (-each[0], each[1]))
    return ", ".join(f"{number:,} {name}" for number, name in found)
