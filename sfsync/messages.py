"""Every message that people meet in Salesforce, in one place; `messages:` in the settings says them otherwise.

`docs/messages.md` lists them, written from here.
"""

from dataclasses import dataclass
from string import Formatter
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, ValidationInfo, field_validator


@dataclass(frozen=True, slots=True)
class Told:
    """When a message is told, and what whoever reads it does then."""

    when: str
    do: str


def _say(text: str, when: str, do: str) -> Any:
    return Field(text, min_length=1, description=when, json_schema_extra={"when": when, "do": do})


_BY_ITSELF = "The form then comes by itself."


class Messages(BaseModel):
    """What reps and admins read in Salesforce. Say it in your own words or language; keep what stands in `{ }`."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    ready_title: str = _say("Order form ready", "The bell, when a form lies among the Files.", "Nothing.")
    ready: str = _say("The order form for {opportunity} is among its Files.", "Below that title.", "Nothing.")
    ready_again: str = _say(
        "The order form for {opportunity} is among its Files. It is version {version} of the same file.",
        "Below that title, from the second version on.",
        "Send the new version if the customer has an older one.",
    )
    incomplete_title: str = _say(
        "Order form needs information", "The bell, when something is missing.", "Read the message on the record."
    )
    failed_title: str = _say(
        "Order form failed", "The bell, when only an administrator can mend it.", "Ask your administrator."
    )
    failed: str = _say(
        "The order form could not be made. Please ask your Salesforce administrator, and show this: {reason}",
        "On the record, when only an administrator can mend it.",
        "Show it to your administrator, who finds the reason in docs/runbook.md.",
    )
    delayed: str = _say(
        "The order form is delayed: {reason} sfsync keeps trying.",
        "On the record, when Salesforce did not take the form for some minutes.",
        "Wait. If it lasts for hours, ask your administrator.",
    )
    bell: str = _say(
        "{opportunity}: {message}", "The bell's text below the titles that ask for something.", "See there."
    )
    missing: str = _say(
        "{sentence} ({places})",
        "A field under `needs` is empty; the sentence stands there.",
        f"Fill it in. {_BY_ITSELF}",
    )
    place: str = _say("{object}: {field}", "A place, in the message above.", "Look there.")
    place_in_list: str = _say(
        "{object} {number}: {field}", "A place in a list, such as the second product.", "Look there."
    )
    place_empty: str = _say("{object}: none", "A list that is empty, such as the products.", "Add one.")
    no_currency: str = _say(
        "The opportunity has no currency. Choose one.",
        "Neither the record nor the settings name a currency.",
        f"Choose one. {_BY_ITSELF}",
    )
    currencies_differ: str = _say(
        "The products are in {others}, the opportunity is in {currency}. Use one currency for all of them.",
        "Sums over several currencies would be wrong.",
        f"Use one currency. {_BY_ITSELF}",
    )
    product_incomplete: str = _say(
        "Product {number} has no quantity or no price. Complete it under Products.",
        "A product cannot be printed with its price.",
        f"Complete it. {_BY_ITSELF}",
    )
    discount_impossible: str = _say(
        "Product {number} has a discount of {percent} %. Correct it under Products.",
        "A discount is below 0 or above 100.",
        f"Correct it. {_BY_ITSELF}",
    )
    product_differs: str = _say(
        "Product {number}: quantity times price and its total disagree. Correct it under Products.",
        "A line of the form would not add up.",
        f"Correct it. {_BY_ITSELF}",
    )
    total_differs: str = _say(
        "The products add up to {total}, but Amount says {amount}. Correct the products or the amount.",
        "The form would say another sum than the record.",
        f"Correct one of them. {_BY_ITSELF}",
    )
    amount_empty: str = _say(
        "The products add up to {total}, but Amount is empty. Correct the products or the amount.",
        "The form would say a sum that the record does not.",
        f"Fill it in. {_BY_ITSELF}",
    )
    total_negative: str = _say(
        "The products add up to {total}. An order form cannot promise less than nothing.",
        "Discounts or credits exceed the prices.",
        f"Correct the products. {_BY_ITSELF}",
    )

    sign_mark_in_text: str = _say(
        "A text on the form contains {mark}, which marks where to sign. Take it out of the record.",
        "An e-signing tool would put a field there.",
        f"Take it out. {_BY_ITSELF}",
    )
    too_many_products: str = _say(
        "The form has room for {room} products, and there are {number}. Put them on several opportunities, or ask your "
        "Salesforce administrator for a form with more rows.",
        "A fillable PDF has fewer rows than the deal has products.",
        "Split the deal, or ask your administrator.",
    )
    misfit: str = _say(
        "{why} ({fields}; field '{field}' of the form)",
        "A value does not fit into a fillable PDF.",
        "See the next rows.",
    )
    misfit_of_product: str = _say(
        "{why} ({fields}, product {number}; field '{field}' of the form)", "The same, of one product.", "See there."
    )
    too_many_characters: str = _say(
        "'{text}' has {number} characters, and the form takes {most}. Shorten it.",
        "A field of a fillable PDF takes only so many.",
        f"Shorten it. {_BY_ITSELF}",
    )
    too_long: str = _say(
        "'{text}' is too long for the form. Shorten it.",
        "A field of a fillable PDF has no room for it, however small.",
        f"Shorten it. {_BY_ITSELF}",
    )
    no_choice: str = _say(
        "'{text}' is none of the form's choices: {choices}. Choose another.",
        "A field of a fillable PDF takes only some values.",
        f"Choose one of them. {_BY_ITSELF}",
    )
    all_well: str = _say("All is well.", "Last Words, in the tab Order Form Settings.", "Nothing.")
    paused: str = _say(
        "Paused: nothing is made until Paused is unticked.",
        "Last Words, while an administrator has ticked Paused there.",
        "Untick it, and whatever was asked for meanwhile is made.",
    )
    digest_title: str = _say("Order forms, {day}", "The daily digest, its first line or the bell's title.", "Nothing.")
    digest_made: str = _say("Made since {since}: {number}", "The next line of the digest.", "Nothing.")
    digest_seconds: str = _say(
        "Seconds from request to file: median {median}, slowest {slowest}",
        "The digest, where at least one was made.",
        "If they grow, see docs/runbook.md.",
    )
    digest_waiting: str = _say(
        "Waiting for information: {number}",
        "The digest: deals that lack something now.",
        "Their owners know; the list Order forms: needs information shows them.",
    )
    digest_failed: str = _say(
        "Failed: {number}",
        "The digest: deals that only an administrator can mend.",
        "Look at the list Order forms: failed.",
    )
    digest_not_right: str = _say(
        "Marked as not right since then: {number}",
        "The digest: answers of reps to Was It Right? on order forms.",
        "Read what they say: the report Order form answers.",
    )

    @field_validator("*")
    @classmethod
    def _holds(cls, text: str, info: ValidationInfo) -> str:
        """Refuse words in braces that the message does not have, and braces that do not close."""
        known = placeholders(cls.model_fields[info.field_name or ""].default)
        try:
            found = placeholders(text)
        except ValueError:
            raise ValueError("A brace is not closed. Write {{ and }} for braces that are meant as such.") from None
        if strange := next((f"{{{name}}}" for name in found if name not in known), None):
            has = " and ".join(f"{{{name}}}" for name in known) or "nothing in braces"
            raise ValueError(f"'{strange}' means nothing in '{info.field_name}'. It knows {has}.")
        return text


def placeholders(text: str) -> list[str]:
    """Names in braces, in their order. Raises ValueError for a brace that does not close.

    >>> placeholders("{opportunity} is version {version}.")
    ['opportunity', 'version']
    """
    parts = [part for part in Formatter().parse(text) if part[1] is not None]
    return list(dict.fromkeys(f"{name}{'!' if how else ''}{':' if spec else ''}" for _, name, spec, how in parts))


def told(name: str) -> Told:
    """When a message is told, and what to do then."""
    extra: Any = Messages.model_fields[name].json_schema_extra
    return Told(when=extra["when"], do=extra["do"])
