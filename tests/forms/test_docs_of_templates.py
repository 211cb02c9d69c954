"""The page of templates shows what the code does."""

import io

import pytest
from PIL import Image, ImageChops, ImageStat

from docs import pictures
from sfsync.forms.template import glossary
from sfsync.forms.template.filters import all_filters, all_tests
from sfsync.forms.template.tags import TAGS
from tests.conftest import ROOT


@pytest.mark.parametrize("tag", TAGS)
def test_the_picture_of_each_tag_is_its_example_drawn(tag):
    with Image.open(pictures.FOLDER / f"{tag}.png") as kept:
        shown = kept.convert("RGB")
    assert_alike(shown, pictures.picture(tag))


def test_the_pictures_of_the_shipped_forms_are_these_forms_drawn():
    drawn = dict(pictures.shipped_forms())
    assert {path.name for path in pictures.FORMS.glob("*")} == set(drawn)
    for name, picture in drawn.items():
        with Image.open(pictures.FORMS / name) as kept:
            assert_alike(kept.convert("RGB"), picture)
        assert f"pictures/forms/{name}" in (ROOT / "docs" / "forms.md").read_text("utf-8")


def assert_alike(shown: Image.Image, picture: Image.Image) -> None:
    drawn = Image.open(io.BytesIO(pictures.saved(picture))).convert("RGB")
    assert shown.size == drawn.size, "run: make docs"
    # Another build of pdfium may draw an edge a shade lighter.
    assert max(ImageStat.Stat(ImageChops.difference(shown, drawn)).mean) < 1, "run: make docs"


def test_there_is_no_picture_of_a_tag_that_there_is_not():
    assert {path.stem for path in pictures.FOLDER.glob("*")} == set(TAGS)


def test_pictures_are_small():
    assert sum(path.stat().st_size for path in pictures.FOLDER.glob("*")) < 250_000


def test_every_filter_is_explained_and_no_other():
    assert set(glossary.FILTERS) == set(all_filters())


def test_every_test_is_explained_by_its_name_or_another():
    tests = all_tests()
    explained = {tests[name] for name in glossary.TESTS}
    assert [name for name, test in tests.items() if test not in explained] == []


def test_every_tag_and_attribute_says_what_it_is_for():
    for tag in TAGS.values():
        assert tag.means.endswith(".")
        assert tag.example
        assert all(said.means.endswith(".") and said.kind.words for said in tag.says.values())


def test_every_tag_can_be_reached_from_a_form():
    reached, found = {"form"}, {"form"}
    while found:
        found = {inner for tag in found for inner in TAGS[tag].holds} - reached
        reached |= found
    assert reached == set(TAGS)
