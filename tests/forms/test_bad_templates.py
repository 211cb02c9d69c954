"""A template that is hostile, or only careless: a clear mistake for the admin, and soon."""

import io
import os
import time
import tracemalloc
import zlib

import pytest
from PIL import ExifTags, Image

from sfsync.errors import SetupError
from sfsync.forms.design import Design
from sfsync.forms.pictures import encoded
from sfsync.forms.render import render, variables
from sfsync.forms.template.template import Template
from tests.forms.sample import order_form

SOON = 10.0
#: bytes that one template may take
SMALL = 200_000_000


def refused(folder, body, *, whole=False, **files) -> str:
    for name, content in files.items():
        (folder / name.replace("__", ".")).write_bytes(content if isinstance(content, bytes) else content.encode())
    text = body if whole else f'<form title="x">\n{body}\n</form>'
    (folder / "form.xml").write_bytes(text if isinstance(text, bytes) else text.encode())
    begun = time.monotonic()
    tracemalloc.start()
    try:
        with pytest.raises(SetupError) as refusal:
            render(order_form({"Name": "n", "Amount": 1}), Design(Template.load(folder / "form.xml")))
        assert tracemalloc.get_traced_memory()[1] < SMALL
    finally:
        tracemalloc.stop()
    assert time.monotonic() - begun < SOON
    assert str(folder) not in str(refusal.value)
    return str(refusal.value)


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ("<p>{% for n in range(10 ** 9) %}x{% endfor %}</p>", "form.xml:2: The template asks for too much"),
        ("<p>{% for a in range(90000) %}{% for b in range(90000) %}{% endfor %}{% endfor %}</p>", "go round more than"),
        ("<p>" + "{% for a in range(9) %}" * 13 + "{% endfor %}" * 13 + "</p>", "It stands in 12 others."),
        ("<p>{% for a in range(90000) %}" + "x" * 1500 + "{% endfor %}</p>", "the form has more than 2,000,000"),
        ("<p>{% set x %}{% for a in range(90000) %}" + "x" * 1500 + "{% endfor %}{% endset %}</p>", "has more than"),
        ('<p>{{ "x" * 10 ** 9 }}</p>', "form.xml:2:4: The template does not fit the data: * needs two numbers"),
        ("<p>{{ [1] * 10 ** 9 }}</p>", "* needs two numbers"),
        ('<p>{{ "%1000000000d" % 1 }}</p>', "% needs two numbers"),
        ("<p>{{ 9 ** 999 }}</p>", "a power is larger than 100"),
        ("<p>{{ 9 ** 99 }}</p>", "more than 30 digits"),
        ('<p>{{ "x" | center(10 ** 9) }}</p>', "There is no filter center"),
        ('<p>{{ "%9999999d" | format(1) }}</p>', "There is no filter format"),
        ('<p>{{ "{0.__class__}".format(1) }}</p>', "cannot be called"),
        ("{% set s = namespace(t='xx') %}{% for n in range(60) %}{% set s.t = s.t ~ s.t %}{% endfor %}", "1,000,000"),
        ("{% set s = namespace(t='xx') %}{% for n in range(60) %}{% set s.t = s.t + s.t %}{% endfor %}", "1,000,000"),
        ("{% set s = namespace(t='xx') %}{% for n in range(60) %}{% set s.t = [s.t, s.t] | join %}{% endfor %}",
         "1,000,000"),
        ("{% set s = namespace(t='a') %}{% for n in range(60) %}{% set s.t = s.t | replace('a', 'aaa') %}{% endfor %}",
         "1,000,000"),
        ("{% set s = namespace(n=9) %}{% for n in range(60) %}{% set s.n = s.n * s.n %}{% endfor %}", "30 digits"),
        ("{% set s = namespace(t=[1]) %}{% for n in range(60) %}{% set s.t = [s.t, s.t] %}{% endfor %}<p>{{ s.t }}</p>",
         "no text of its own"),
        ("{% set s = namespace(t=[1]) %}{% for n in range(60) %}{% set s.t = s.t + s.t %}{% endfor %}",
         "100,000 entries"),
        ("<p>{{ " + "(" * 900 + "1" + ")" * 900 + " }}</p>", "form.xml:2:4: {{ ((((((((((((((((((((((((((((((((((((…"),
        ("<p>{{ 1" + " + 1" * 5000 + " }}</p>", "longer than 2000 characters"),
        ("<p>" + "{% if 1 %}" * 500 + "{% endif %}" * 500 + "</p>", "It stands in 12 others."),
        ("<p>" + "<b>" * 5000 + "</b>" * 5000 + "</p>", "stands in 24 other tags"),
        ("<p>{% for n in range(5000) %}<b>{% endfor %}{% for n in range(5000) %}</b>{% endfor %}</p>", "too deeply"),
        ("<p>{% for n in range(2) %}<b>{% endfor %}{% for n in range(3) %}</b>{% endfor %}</p>", "form.xml:2:27"),
    ],
)  # fmt: skip
def test_what_grows_or_never_ends_is_stopped_with_its_line(tmp_path, body, said):
    assert said in refused(tmp_path, body)


@pytest.mark.parametrize(
    "body",
    [
        "{{ ''.__class__ }}", "{{ Opportunity.__class__ }}", "{{ Opportunity.Name.__class__.__mro__ }}",
        "{{ Opportunity['__class__'] }}", "{{ Opportunity | attr('__class__') }}", "{{ self }}",
        "{{ self._TemplateReference__context }}",
        "{{ cycler('a').__init__.__globals__ }}", "{{ lipsum.__globals__ }}", "{{ joiner }}", "{{ dict() }}",
        "{{ config }}",
        "{{ range.__class__ }}", "{{ namespace.__init__ }}", "{{ loop }}", "{{ [].append(1) }}",
        "{{ ''.format_map({}) }}",
        "{{ Opportunity.Name.upper() }}", "{% import 'os' as os %}", "{% from 'x' import y %}", "{% extends 'x' %}",
        "{% macro m() %}{% endmacro %}", "{% call x() %}{% endcall %}", "{% do 1 %}",
        "{% autoescape false %}{% endautoescape %}",
        "{{ Opportunity.Name | safe }}", "{{ [Opportunity.Name] | map(attribute='__class__') | join }}",
        "{{ [1] | map('attr', '__class__') | list }}", "{{ ([1] | groupby('__class__') | first).grouper }}",
        "{% set x = namespace(a=1) %}{{ x.__dict__ }}", "{{ company.__class__ }}", "{{ form.__init__ }}",
    ],
)  # fmt: skip
def test_no_template_reaches_pythons_insides(tmp_path, body):
    said = refused(tmp_path, f"<p>{body}</p>")
    assert "form.xml:2" in said
    assert "<class" not in said


def test_what_a_field_holds_is_never_run(tmp_path):
    (tmp_path / "form.xml").write_text('<form title="x"><p>{{ Opportunity.Name }}</p></form>')
    name = "{{ 7 * 7 }}{% include '/etc/passwd' %}<img src='/etc/passwd'/>&#65;"
    template = Template.load(tmp_path / "form.xml")
    printed = template.markup(variables(order_form({"Name": name})))
    assert "{{ 7 * 7 }}" in printed
    assert "&lt;img" in printed


@pytest.mark.parametrize(
    "name", ["/etc/passwd", "../secret.xml", "link.xml", "sub/part.xml", "pipe.xml", "no\\x00.xml", "."]
)
def test_nothing_outside_the_templates_folder_is_included(tmp_path, name):
    folder = tmp_path / "templates"
    (folder / "sub").mkdir(parents=True)
    (tmp_path / "secret.xml").write_text("<p>secret</p>")
    (folder / "sub" / "part.xml").write_text("<p>secret</p>")
    (folder / "link.xml").symlink_to(tmp_path / "secret.xml")
    os.mkfifo(folder / "pipe.xml")
    assert "beside the template" in refused(folder, f'{{% include "{name}" %}}')


@pytest.mark.parametrize(
    "name", ["/etc/passwd", "../secret.png", "link.png", "file:///etc/passwd", "https://example.com/x.png"]
)
def test_no_picture_comes_from_elsewhere(tmp_path, name):
    folder = tmp_path / "templates"
    folder.mkdir()
    Image.new("RGB", (9, 9)).save(tmp_path / "secret.png")
    (folder / "link.png").symlink_to(tmp_path / "secret.png")
    assert "There is no image" in refused(folder, f'<img src="{name}"/>')
    assert "There is no image" in refused(folder, f'{{% set x = "{name}" %}}<img src="{{{{ x }}}}"/>')


@pytest.mark.parametrize(
    ("files", "body", "said"),
    [
        ({"a__xml": '{% include "a.xml" %}'}, '{% include "a.xml" %}', "a.xml:1:13: a.xml includes itself."),
        ({"a__xml": '{% include "b.xml" %}', "b__xml": '{% include "a.xml" %}'}, '{% include "a.xml" %}',
         "includes itself"),
        ({f"a{n}__xml": f'{{% include "a{n + 1}.xml" %}}' * 9 for n in range(9)} | {"a9__xml": ""},
         '{% include "a0.xml" %}', "More than 50 files"),
        ({"a__xml": b"\xff\xfe" + "<p>x</p>".encode("utf-16-le")}, '{% include "a.xml" %}', "a.xml is not UTF-8 text."),
        ({"a__xml": "x" * 600_000}, '{% include "a.xml" %}', "a.xml is larger than 500 kB."),
    ],
)  # fmt: skip
def test_an_include_that_cannot_be_is_named(tmp_path, files, body, said):
    assert said in refused(tmp_path, body, **files)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (b"\xff\xfe" + '<form title="x"/>'.encode("utf-16-le"),
         "form.xml:1: form.xml is not UTF-8 text. Save it as UTF-8."),
        ('<form title="x">' + "<p>x</p>" * 7_000_000 + "</form>", "form.xml is larger than 500 kB."),
        ("", "There is no <form>."),
        ("\x00\x01", "form.xml:1:1"),
        ('<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;">]><form title="&b;"/>', "<!DOCTYPE>"),
        ('<!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/passwd">]><form title="x"><p>&e;</p></form>',
         "<!DOCTYPE> is not"),
        ('{% raw %}<!DOCTYPE x [<!ENTITY e "x">]>{% endraw %}<form title="x"/>', "<!DOCTYPE> is not allowed."),
        ('{% set d = "<!DOCTYPE x>" %}{{ d }}<form title="x"/>', "form.xml:1"),
        ('<form title="x" xmlns:xi="http://www.w3.org/2001/XInclude"><xi:include href="/etc/passwd"/></form>',
         "xi:include"),
    ],
)  # fmt: skip
def test_a_file_that_is_no_template_is_refused(tmp_path, text, said):
    assert said in refused(tmp_path, text, whole=True)


def picture(size=(30, 20), mode="RGB", kind="PNG", color=0, **how) -> bytes:
    out = io.BytesIO()
    Image.new(mode, size, color).save(out, kind, **how)
    return out.getvalue()


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"no picture", "logo.png: It is no PNG or JPEG"),
        (b"", "logo.png: It is no PNG or JPEG"),
        (picture()[:40], "logo.png: It is no PNG or JPEG"),
        (picture(kind="GIF"), "logo.png: It is no PNG or JPEG"),
        (picture((40_000, 40_000), "1"), "logo.png: It has more than 9 million pixels"),
        (picture((14_000, 10_000), "1"), "logo.png: It has more than 9 million pixels"),
        (b"\x89PNG\r\n\x1a\n" + b"x" * 6_000_000, "logo.png: It is larger than 5 MB"),
    ],
)  # fmt: skip
def test_a_picture_that_cannot_be_drawn_is_named_before_anything_is_rendered(tmp_path, content, said):
    assert said in refused(tmp_path, "<p>x</p>", logo__png=content)


def drawn(data: bytes) -> Image.Image:
    """A picture as the PDF keeps it."""
    kept = encoded(data)
    if kept.filter == "DCTDecode":
        return Image.open(io.BytesIO(kept.content))
    return Image.frombytes("RGB", (kept.width, kept.height), zlib.decompress(kept.content))


def test_a_photograph_that_was_turned_is_shown_upright():
    exif = Image.Exif()
    exif[ExifTags.Base.Orientation] = 6
    assert drawn(picture((30, 20), kind="JPEG", exif=exif)).size == (20, 30)


@pytest.mark.parametrize(
    ("content", "colour"),
    [
        (picture(mode="I;16", color=0xFFFF), (255, 255, 255)),
        (picture(mode="I;16", color=0x8000), (127, 127, 127)),
        (picture(mode="CMYK", kind="JPEG", color=(255, 0, 0, 0)), (0, 255, 255)),
        (picture(mode="L", color=90), (90, 90, 90)),
        (picture(mode="1", color=1), (255, 255, 255)),
        (picture(mode="LA", color=(90, 200)), (90, 90, 90)),
        (picture(mode="RGBA", color=(1, 2, 3, 0)), (1, 2, 3)),
    ],
)  # fmt: skip
def test_a_picture_of_any_kind_has_its_colours(content, colour):
    found = drawn(content).getpixel((5, 5))
    assert found == pytest.approx(colour, abs=2)


def test_of_an_animated_picture_the_first_is_shown():
    frames = [Image.new("RGB", (9, 9), shade) for shade in ("#ff0000", "#00ff00")]
    out = io.BytesIO()
    frames[0].save(out, "PNG", save_all=True, append_images=frames[1:])
    assert drawn(out.getvalue()).getpixel((5, 5)) == (255, 0, 0)
