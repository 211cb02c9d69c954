"""Whose conventions a form follows, and in which language it speaks."""

import pytest

from sfsync.forms.locales import country, of_country, tongue, voice, wish

CATALOGUES = ["de", "fr", "he", "nb", "pt_BR", "zh"]


@pytest.mark.parametrize(
    ("written", "code"),
    [
        ("Germany", "DE"), ("Deutschland", "DE"), ("Allemagne", "DE"), ("DE", "DE"), ("deu", "DE"), (" germany ", "DE"),
        ("USA", "US"), ("U.S.A.", "US"), ("United States of America", "US"), ("Estados Unidos", "US"),
        ("UK", "GB"), ("England", "GB"), ("Great Britain", "GB"), ("Österreich", "AT"), ("OSTERREICH", "AT"),
        ("日本", "JP"), ("Россия", "RU"), ("Ελλάδα", "GR"), ("ישראל", "IL"), ("مصر", "EG"), ("भारत", "IN"),
        ("Korea, Republic of", "KR"), ("Congo, the Democratic Republic of the", "CD"), ("Czech Republic", "CZ"),
        ("Trinidad and Tobago", "TT"), ("Türkiye", "TR"), ("Turkey", "TR"), ("Schweiz", "CH"), ("Suisse", "CH"),
    ],
)  # fmt: skip
def test_a_country_is_known_by_its_codes_and_by_its_names_in_many_languages(written, code):
    assert country(written) == code


@pytest.mark.parametrize("written", ["", " ", "Utopia", "EU", "n/a", "-", ",", "😀", "150"])
def test_what_is_no_country_is_not_guessed(written):
    assert country(written) is None
    assert of_country(written) is None


@pytest.mark.parametrize(
    ("written", "locale"),
    [
        ("Germany", "de_DE"), ("Austria", "de_AT"), ("Switzerland", "de_CH"), ("France", "fr_FR"), ("Norway", "nb_NO"),
        ("Israel", "he_IL"), ("Brazil", "pt_BR"), ("China", "zh_Hans_CN"), ("USA", "en_US"), ("UK", "en_GB"),
    ],
)  # fmt: skip
def test_a_country_with_words_in_its_language_gets_its_own_conventions(written, locale):
    assert voice(of_country(written), "en", CATALOGUES, "en_US").locale == locale


@pytest.mark.parametrize(
    ("written", "fixed", "locale"),
    [
        ("Sweden", "en_US", "en_SE"),  # English as CLDR has it for Sweden
        ("India", "en_US", "en_IN"),
        ("Portugal", "en_US", "en_PT"),  # Brazil's words are not Portugal's
        ("Korea", "en_US", "en_US"),  # there is no English for Korea
        ("Korea", "en_GB", "en_GB"),  # nor here, so the settings' English serves
        ("Taiwan", "de_DE", "en"),  # the settings are in another language than the template
    ],
)
def test_without_words_in_its_language_the_form_is_wholly_in_the_templates(written, fixed, locale):
    assert voice(of_country(written), "en", CATALOGUES, fixed) == ("en", locale)


@pytest.mark.parametrize(
    ("spelt", "language", "locale"),
    [
        ("en_US", "en", "en_US"), ("de_DE_EURO", "de", "de_DE"), ("de_AT", "de", "de_AT"), ("de", "de", "de"),
        ("zh_CN_PINYIN", "zh", "zh_Hans_CN"), ("zh_TW_STROKE", "en", "en_US"), ("iw_IL", "he", "he_IL"),
        ("no_NO", "nb", "nb_NO"), ("uz_LATN_UZ", "en", "en_US"), ("hmn_US", "en", "en_US"), ("", "en", "en_US"),
        ("fr_CA", "fr", "fr_CA"), ("en_IN", "en", "en_IN"), ("pt-BR", "pt_BR", "pt_BR"), ("ji_US", "en", "en_US"),
    ],
)  # fmt: skip
def test_a_users_locale_is_read_as_salesforce_spells_it(spelt, language, locale):
    assert voice(wish(spelt), "en", CATALOGUES, "en_US") == (language, locale)


def test_words_for_one_country_go_before_words_for_all():
    assert voice(wish("de_CH"), "en", ["de", "de_CH"], "en_US").language == "de_CH"
    assert voice(wish("de_AT"), "en", ["de", "de_CH"], "en_US").language == "de"


def test_the_fixed_locale_chooses_among_the_languages_too():
    assert voice(None, "en", ["de"], "de_AT") == ("de", "de_AT")
    assert voice(None, "en", [], "de_AT") == ("en", "en_AT")
    assert voice(None, "de", [], "de_DE") == ("de", "de_DE")


@pytest.mark.parametrize(("locale", "language"), [("de_AT", "de"), ("zh_Hant_TW", "zh_Hant"), ("zh_Hans_CN", "zh")])
def test_the_language_of_a_locale_keeps_a_script_that_is_not_the_usual_one(locale, language):
    assert tongue(locale) == language
