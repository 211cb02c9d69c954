"""Unicode's own tests of the bidirectional algorithm, where Debian's unicode-data or the environment brings them."""

import os
from pathlib import Path

import pytest

from sfsync.forms.text import bidi

UNICODE = Path(os.environ.get("UNICODE_DATA", "/usr/share/unicode"))


def cases():
    for line in (UNICODE / "BidiCharacterTest.txt").read_text(encoding="utf-8").splitlines():
        if line and line[0] != "#":
            codes, wanted, base, levels, order = line.split(";")
            yield (
                "".join(chr(int(code, 16)) for code in codes.split()),
                wanted,
                int(base),
                levels.split(),
                order.split(),
            )


def seen(levels, told):
    """Places from left to right, without what the algorithm removes."""
    for start, end, level in bidi.visual(levels):
        for at in range(end - 1, start - 1, -1) if level % 2 else range(start, end):
            if told[at] != "x":
                yield str(at)


@pytest.mark.skipif(not (UNICODE / "BidiCharacterTest.txt").exists(), reason="apt-get install unicode-data")
def test_every_case_of_unicodes_own_test_comes_out_as_it_says():
    wrong = []
    for text, wanted, base, told, order in cases():
        found = bidi.base_level(text) if wanted == "2" else int(wanted)
        levels = bidi.line_levels(text, bidi.levels(text, found), found)
        agree = all(one in ("x", str(level)) for one, level in zip(told, levels, strict=True))
        if not agree or found != base or list(seen(levels, told)) != order:
            wrong.append(text)
    assert wrong == []


@pytest.mark.skipif(not (UNICODE / "BidiBrackets.txt").exists(), reason="apt-get install unicode-data")
def test_brackets_are_paired_as_unicode_lists_them():
    lines = (UNICODE / "BidiBrackets.txt").read_text(encoding="utf-8").splitlines()
    pairs = [line.split("#")[0].split(";") for line in lines if line and line[0] != "#"]
    ancient = "\u0f3a\u0f3b\u0f3c\u0f3d\u169b\u169c"  # Tibetan and Ogham, whose names tell no side
    for one, other, _ in pairs:
        bracket = chr(int(one, 16))
        assert bidi.mirrored(bracket) == (bracket if bracket in ancient else chr(int(other, 16)))


def test_a_value_is_isolated_and_its_own_embeddings_go():
    assert bidi.isolated("a\u202eb\u2066c\u200f", backwards=False) == "\u2068abc\u200f\u2069"
    assert bidi.isolated("abc", backwards=True) == "\u2068abc\u2069"
    assert bidi.isolated("abc", backwards=False) == "abc"


def test_the_direction_of_a_paragraph_is_that_of_its_first_letter_outside_of_values():
    assert bidi.base_level("\u2068שלום\u2069 owes us") == 0
    assert bidi.base_level("123 שלום") == 1
    assert bidi.base_level("123") == 0
