"""What every org has before anybody works in it: itself, its profiles, its stages, an admin and an integration user."""

from collections.abc import Callable, Mapping
from typing import Any

Insert = Callable[[str, Mapping[str, Any]], str]

ADMIN = "admin@pocketorg.example"
INTEGRATION_USER = "worker@pocketorg.example"

_PROFILES = ("System Administrator", "Standard User", "Minimum Access - API Only Integrations")
#: label, probability, closed, won, forecast category: the stages of a Developer Edition org
_STAGES = (
    ("Prospecting", 10, False, False, "Pipeline"),
    ("Qualification", 10, False, False, "Pipeline"),
    ("Needs Analysis", 20, False, False, "Pipeline"),
    ("Value Proposition", 50, False, False, "Pipeline"),
    ("Id. Decision Makers", 60, False, False, "Pipeline"),
    ("Perception Analysis", 70, False, False, "Pipeline"),
    ("Proposal/Price Quote", 75, False, False, "Pipeline"),
    ("Negotiation/Review", 90, False, False, "Pipeline"),
    ("Closed Won", 100, True, True, "Closed"),
    ("Closed Lost", 0, True, False, "Omitted"),
)
_LOCALE = {"TimeZoneSidKey": "Europe/Berlin", "LocaleSidKey": "en_US", "LanguageLocaleKey": "en_US"}
_ORGANIZATION = {"TimeZoneSidKey": "Europe/Berlin", "DefaultLocaleSidKey": "en_US", "LanguageLocaleKey": "en_US"}
#: lets the integration user read whatever a template may name; a real org grants less. A test takes it away
READER = "Pocket_Org_Reader"
_READABLE = ("Account", "Contact", "Opportunity", "Pricebook2", "Product2", "Task")


def add_order_form_stage(insert: Insert) -> None:
    """Insert the stage that asks for an order form, as an admin adds it between the negotiation and the end."""
    names = {"MasterLabel": "Order Form", "ApiName": "Order Form", "SortOrder": 8, "IsActive": True}
    forecast = {"ForecastCategory": "Forecast", "ForecastCategoryName": "Commit"}
    insert("OpportunityStage", {**names, "DefaultProbability": 90, "IsClosed": False, "IsWon": False, **forecast})


def found(insert: Insert) -> None:
    """Insert the first rows of an org that has none."""
    insert("Organization", {"Name": "Pocket Org", "OrganizationType": "Developer Edition", **_ORGANIZATION})
    profiles = {name: insert("Profile", {"Name": name}) for name in _PROFILES}
    for username, first, last, profile in (
        (ADMIN, "Ada", "Admin", _PROFILES[0]),
        (INTEGRATION_USER, "Order Form", "Worker", _PROFILES[2]),
    ):
        names = {"Username": username, "Email": username, "FirstName": first, "LastName": last, "Alias": last.lower()}
        insert("User", {**names, **_LOCALE, "ProfileId": profiles[profile], "IsActive": True})
    insert("Pricebook2", {"Name": "Standard Price Book", "IsStandard": True, "IsActive": True})
    for order, (label, probability, closed, won, forecast) in enumerate(_STAGES, 1):
        values = {"MasterLabel": label, "ApiName": label, "SortOrder": order, "IsActive": True}
        end = {"DefaultProbability": probability, "IsClosed": closed, "IsWon": won}
        insert("OpportunityStage", {**values, **end, "ForecastCategory": forecast, "ForecastCategoryName": forecast})
    reader = {"Name": READER, "Label": "Pocket Org Reader", "PermissionsApiEnabled": True}
    parent = insert("PermissionSet", {**reader, "IsOwnedByProfile": False})
    rights = {"PermissionsRead": True, "PermissionsViewAllRecords": True, "PermissionsViewAllFields": True}
    for sobject in _READABLE:
        insert("ObjectPermissions", {"ParentId": parent, "SobjectType": sobject, **rights})
