"""Words in several languages: marked in the template, kept in a file for each language, never mixed."""

import pickle
from io import BytesIO

import pytest
from pypdf import PdfReader

from sfsync.errors import SetupError
from sfsync.forms.design import Design
from sfsync.forms.render import render
from sfsync.forms.template.template import Template, Text
from tests.forms.sample import ROOT, lines, opportunity, order_form, shipped

WORDS = "Hello {who}: Hallo {who}\nProducts: Produkte\n"


@pytest.fixture
def load(tmp_path):
    def load_(body: str, **catalogues: str) -> Template:
        (tmp_path / "words").mkdir(exist_ok=True)
        for language, text in catalogues.items():
            (tmp_path / "words" / f"{language}.yaml").write_text(text, encoding="utf-8")
        (tmp_path / "form.xml").write_text(f'<form title="x" lang="en">\n{body}\n</form>', encoding="utf-8")
        return Template.load(tmp_path / "form.xml", name="templates/form.xml")

    return load_


def said(template: Template, language: str, **values) -> str:
    pdf = render(order_form({"Name": "n", **values}, language=language), Design(template))
    return "\n".join(page.extract_text() for page in PdfReader(BytesIO(pdf.content)).pages)


GREETING = '<p>{{ _("Hello {who}", who=Opportunity.Name) }}</p>'
QUOTED = '"Hello {who}": "Hallo {who}"\n'


def test_a_word_is_said_in_the_forms_language(load):
    template = load('<h>{{ _("Products") }}</h>', de="Products: Produkte")
    assert (said(template, "de"), said(template, "en")) == ("Produkte", "Products")


def test_a_value_stands_where_its_placeholder_stands_and_is_escaped_as_ever(load):
    template = load(GREETING, de='"Hello {who}": "{who} & <b>, hallo"')
    assert said(template, "de", Name="AT&T <b>") == "AT&T <b> & <b>, hallo"
    assert said(template, "en", Name='"{who}"') == 'Hello "{who}"'


def test_a_word_may_stand_in_an_attribute_in_a_loop_and_in_an_included_file(load, tmp_path):
    (tmp_path / "part.xml").write_text('<p>{{ _("Products") }}</p>')
    body = """{% for n in range(2) %}<fields><field label="{{ _("Products") }}">{{ n }}</field></fields>{% endfor %}
    {% include "part.xml" %}"""
    assert said(load(body, de="Products: Produkte"), "de").count("Produkte") == 3


def test_values_in_a_placeholder_read_as_elsewhere(load):
    template = load('<p>{{ _("{a}, {b}, {c}", a=Opportunity.A, b=Opportunity.B, c=Opportunity.C | money) }}</p>')
    assert said(template, "en", A=None, B=True, C=3) == ", Yes, $3.00"


def test_a_checkbox_says_yes_in_the_forms_language(load):
    template = load('<p>{{ _("Products") }}: {{ Opportunity.A }}</p>', de='Products: Produkte\n"Yes": Ja\n"No": Nein')
    assert said(template, "de", A=True) == "Produkte: Ja"


def test_a_catalogue_that_lacks_a_word_serves_no_form(load):
    template = load(GREETING + '<p>{{ _("Products") }}</p>', de="Products: Produkte", fr=QUOTED + "Products: P")
    assert set(template.words) == {"fr"}


def test_the_fields_in_a_placeholder_are_asked_for(load):
    assert [p.path for p in load(GREETING).paths] == ["Name"]


def test_words_change_the_fingerprint_and_go_along_to_another_process(load):
    marks = {load(GREETING).fingerprint, load(GREETING, de=QUOTED).fingerprint}
    template = load(GREETING, de=QUOTED.replace("Hallo", "Tag"))
    assert len({*marks, template.fingerprint}) == 3
    assert said(pickle.loads(pickle.dumps(template)), "de") == "Tag n"


@pytest.mark.parametrize(
    ("call", "at", "message"),
    [
        ('_("Hello {who}", hwo=Opportunity.Name)', "Hello", "There is no value for {who}. Did you mean hwo?"),
        ('_("Hello {who}")', "Hello", "There is no value for {who}. Write who=… behind it."),
        ('_("Hello", who=Opportunity.Name)', "who=", "The text has no {who}."),
        ("_(Opportunity.Name)", "_(", "_() takes one text in quotes."),
        ('_("a" ~ form.name)', "_(", "_() takes one text in quotes."),
        ('_("a", "b")', "_(", "_() takes one text in quotes."),
        ('_("a", **company)', "_(", "_() takes one text in quotes."),
        ('_("  ")', "_(", "_() takes one text in quotes."),
        ("_()", "_(", "_() takes one text in quotes."),
    ],
)
def test_a_mistake_in_a_marked_word_is_named_with_its_place_before_there_is_data(load, call, at, message):
    with pytest.raises(SetupError) as refusal:
        load(f"<p>{{{{ {call} }}}}</p>")
    assert message in str(refusal.value)
    assert f"templates/form.xml:2:{7 + call.index(at)}:" in str(refusal.value)


@pytest.mark.parametrize("body", ["{% for _ in range(2) %}x{% endfor %}", "{% set _ = 1 %}"])
def test_the_mark_itself_is_not_taken_for_something_else(load, body):
    with pytest.raises(SetupError, match="_ marks words for translation"):
        load(f"<p>{body}</p>")


@pytest.mark.parametrize(
    ("catalogue", "message"),
    [
        ('"Hello {who}": "Hallo {hwo}"', "templates/words/de.yaml:1: There is no value for {hwo}. Did you mean who?"),
        ('\n"Hello {who}": "Hallo"', "templates/words/de.yaml:2: The translation lacks {who}."),
        ("Hello: {a: b}", "templates/words/de.yaml:1: Here stands no single text."),
        ("Hello {who}: Hallo\n\tx", "templates/words/de.yaml:2: This is not YAML"),
        ("Hello: Hallo: Du", "templates/words/de.yaml:1: This is not YAML"),
        ("- Hello", "templates/words/de.yaml:1: Here stands no list of words."),
        ("Hello: a\nHello: b", "templates/words/de.yaml:2: 'Hello' stands here twice."),
    ],
)
def test_a_mistake_in_a_catalogue_is_named_with_file_and_line(load, catalogue, message):
    with pytest.raises(SetupError) as refusal:
        load(GREETING, de=catalogue)
    assert message in str(refusal.value)


def test_a_catalogue_named_after_no_language_is_refused(load):
    with pytest.raises(SetupError, match=r"templates/words/deutsch\.yaml: 'deutsch' is not a language"):
        load(GREETING, deutsch=QUOTED)


def test_yaml_takes_no_word_for_something_else(load):
    template = load('<p>{{ _("No") }} {{ _("8:00") }} {{ _("1") }}</p>', de="No: Nein\n8:00: 8 Uhr\n1: 01\n")
    assert said(template, "de") == "Nein 8 Uhr 01"


def test_a_word_without_its_translation_is_missing(load):
    assert not load('<p>{{ _("Products") }}</p>', de="Products:").words
    assert not load('<p>{{ _("Products") }}</p>', de="").words


@pytest.mark.parametrize(
    ("lang", "said"), [("deutsch", "is not a language"), ("{{ form.language }}", "same on each form")]
)
def test_the_templates_language_is_one_and_fixed(tmp_path, lang, said):
    (tmp_path / "form.xml").write_text(f'<form title="x" lang="{lang}"><p>x</p></form>')
    with pytest.raises(SetupError, match=said):
        Template.load(tmp_path / "form.xml")


def test_settings_speak_one_language():
    with pytest.raises(SetupError, match="known in templates only"):
        Text('{{ _("Order Form") }}', "config/sfsync.yaml:9")


def test_the_shipped_form_is_german_from_head_to_foot():
    pdf = render(order_form(opportunity(lines(12)), locale="de_DE", language="de", currency="EUR"), shipped())
    reader = PdfReader(BytesIO(pdf.content))
    text = "\n".join(page.extract_text() for page in reader.pages)
    for wanted in ("BESTELLFORMULAR", "23. November 2026", "Zwischensumme Software", "108.991,00 €", "Unterschrift",
                   "10. Andere Bedingungen.", "Seite 1 von 2"):  # fmt: skip
        assert wanted in text
    for english in shipped().template.marked:
        if "{" not in english and english != shipped().template.words["de"][english] and len(english) > 4:
            assert english not in text
    assert reader.trailer["/Root"]["/Lang"] == "de-DE"


@pytest.mark.parametrize("name", ["order_form.xml", "quote.xml", "saas.xml"])
def test_german_has_every_word_of_each_form_that_marks_its_words(name):
    assert "de" in Template.load(ROOT / "templates" / name).words
