"""The marks by which e-signing tools find where to sign.

Docusign looks for anchors, words that stand once in a document, and leaves them there; Acrobat Sign turns text tags
into fields of the tag's size.
https://developers.docusign.com/docs/esign-rest-api/esign101/concepts/tabs/auto-place
https://helpx.adobe.com/sign/using/text-tag.html
"""

import re

SLOTS = ("signature", "name", "title", "date")
#: slot -> the name and the type of Acrobat Sign's field
_FIELDS = {
    "signature": ("Sig", "signature"),
    "name": ("N", "fullname"),
    "title": ("Ttl", "title"),
    "date": ("Dte", "date"),
}
#: any text tag that Acrobat Sign would turn into a field
TEXT_TAG = re.compile(r"\{\{[^{}]*_es_[^{}]*\}\}")


def anchors(role: str) -> dict[str, str]:
    """Docusign's anchors by slot. A role holds no slash, so that no anchor stands within another."""
    return {slot: f"/{role}-{slot}/" for slot in SLOTS}


def text_tags(number: int) -> dict[str, str]:
    """Acrobat Sign's text tags by slot; signers are counted from 1. Fields of one name would share their value."""
    return {slot: f"{{{{{name}{number}_es_:signer{number}:{kind}}}}}" for slot, (name, kind) in _FIELDS.items()}
