"""YAML as people write and paste it: understood, or named with its line and what is meant."""

import pytest

from sfsync import yamlfile
from sfsync.errors import SetupError

GOOD = "company:\n  name: Northwind\nstages:\n  - Order Form\n"
READ = {"company": {"name": "Northwind"}, "stages": ["Order Form"]}


def read(data: bytes, tmp_path) -> object:
    path = tmp_path / "sfsync.yaml"
    path.write_bytes(data)
    return yamlfile.read(path, "sfsync.yaml").value


def complaint(text: str) -> str:
    with pytest.raises(SetupError) as caught:
        yamlfile.parse(text, "sfsync.yaml")
    return str(caught.value)


@pytest.mark.parametrize(
    "data",
    [
        GOOD.encode("utf-8-sig"),
        GOOD.encode("utf-16"),
        GOOD.encode("utf-16-be").join([b"\xfe\xff", b""]),
        GOOD.replace("\n", "\r\n").encode(),
        GOOD.replace("\n", "\r").encode(),
        GOOD.replace("  ", "\u00a0\u00a0").encode(),
        GOOD.replace(": ", ":\u00a0").encode(),
        GOOD.replace(": ", "\u202f: ").encode(),
        GOOD.replace(": ", ":\t").encode(),
        GOOD.replace("- ", "-\t").encode(),
        GOOD.replace("Northwind", "“Northwind”").encode(),
        GOOD.replace("Northwind", "„Northwind“").encode(),
        GOOD.replace("name", "\u200bname").encode(),
        f"---\n{GOOD}...\n".encode(),
    ],
)
def test_what_editors_and_web_pages_do_to_a_file_is_understood(data, tmp_path):
    assert read(data, tmp_path) == READ


def test_every_value_is_the_text_that_stands_there():
    text = "a: 8:00\nb: yes\nc: 0815\nd: 2026-12-01\ne: 1e3\nf: ~\ng:\nh: ''\n"
    assert yamlfile.parse(text, "x").value == {
        "a": "8:00", "b": "yes", "c": "0815", "d": "2026-12-01", "e": "1e3", "f": None, "g": None, "h": "",
    }  # fmt: skip


def test_typography_inside_a_text_stays():
    text = "name: Société « Générale » de\u00a0Paris\nsaid: Call it “Pro”, please.\n"
    assert yamlfile.parse(text, "x").value == {
        "name": "Société « Générale » de\u00a0Paris",
        "said": "Call it “Pro”, please.",
    }


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("a:\n\tb: c\n", "It is indented with a tab. Use blanks, two for each level."),
        ("a: “x: y”\n", "sfsync.yaml:1: This is not YAML: mapping values are not allowed here. The curly quotes are"),
        ("a: {{ Opportunity.Name }}\n", "sfsync.yaml:1: A brace or bracket stands where a name should. Put quotes"),
        ("a: Form {{ x }}: y\n", "sfsync.yaml:1: This is not YAML"),
        ("a: Form: x\n", "A value that holds a colon needs quotes around it."),
        ("a:b\nc: d\n", "not allowed here. In the line above, write a blank after the colon of a."),
        ("a: b\n  c: d\n", "not allowed here. It stands further right than the line above it."),
        ("a: %x\n", "1: This is not YAML: found character '%' that cannot start any token. Put the value in quotes."),
        ("a: 'b\nc: d\n", "1: This is not YAML: found unexpected end of stream. A quote is opened and never closed."),
        ('a: "C:\\Users"\n', "In \"double quotes\" a \\ is special; write 'single quotes'."),
        ("a: b\n---\nc: d\n", "sfsync.yaml:2: This is not YAML: found another document. Delete the line ---"),
        ("a: {b: c}\na: d\n", "sfsync.yaml:2: 'a' stands here twice. Delete one of them."),
        ("a:\n  - b: c\n    b: d\n", "sfsync.yaml:3: 'b' stands here twice. Delete one of them."),
        ("a: &x b\nc: *x\n", "sfsync.yaml:1: A value that begins with & or * refers to another. Put quotes around it."),
        ("a: &x\n  b: c\nd:\n  <<: *x\n", "sfsync.yaml:1: A value that begins with &"),
        ("<<: {a: b}\n", "sfsync.yaml:1: '<<' merges another part of the file."),
        ("a: *x\n", "sfsync.yaml:1: A value that begins with & or *"),
        ("a: !!python/object/apply:os.system ['true']\n", "sfsync.yaml:1: A value that begins with ! asks for a type."),
        ("a: b\nc: \x07\n", "sfsync.yaml:2: There is a control character (number 7). Delete it."),
        ("a: b\nc: \x00\n", "sfsync.yaml:2: There is a control character (number 0). Delete it."),
        ("a: " + "[" * 5000, "sfsync.yaml:1: This is nested too deeply."),
    ],
)  # fmt: skip
def test_what_is_not_understood_is_named_with_its_line_and_what_to_write(text, said):
    assert said in complaint(text)


def test_a_bomb_of_references_is_refused_before_it_grows():
    bomb = "a0: &a0 [x, x]\n" + "".join(f"a{n}: &a{n} [*a{n - 1}, *a{n - 1}]\n" for n in range(1, 60))
    assert complaint(bomb).startswith("sfsync.yaml:1: ")


def test_another_encoding_is_named_with_its_line(tmp_path):
    with pytest.raises(SetupError) as caught:
        read("a: b\nname: Café\n".encode("latin-1"), tmp_path)
    assert str(caught.value) == ("sfsync.yaml:2: This is not UTF-8 text. Save the file anew with the encoding UTF-8.")


@pytest.mark.parametrize("text", ["", "\n\n", "# nothing but words\n", "---\n"])
def test_an_empty_file_holds_nothing(text):
    assert yamlfile.parse(text, "x").value is None


def test_a_file_that_is_far_too_large_is_not_read(tmp_path):
    with pytest.raises(SetupError, match=r"sfsync\.yaml: The file is larger than 200 kB\."):
        read(b"#" * 200_001, tmp_path)
