"""SOAP: the calls of the Metadata API that tools make, and a login that is retired.

Sources: Metadata API Developer Guide, "deploy()", "checkDeployStatus()", "retrieve()", "describeMetadata()",
"listMetadata()"; SOAP API Developer Guide, "login()", "API Fault Element"; Salesforce Help, "SOAP API login() Call is
Being Retired".
"""

import base64
import binascii
from collections.abc import Callable
from typing import Any
from xml.etree import ElementTree as ET

from sfsync.pocketorg import xmltext
from sfsync.pocketorg.call import Answer, Call, Params, Route
from sfsync.pocketorg.errors import ApiError
from sfsync.pocketorg.metadata import kinds, package
from sfsync.pocketorg.org import Org
from sfsync.pocketorg.rest import deploy, retrieve
from sfsync.pocketorg.values import moment

Record = dict[str, Any]

_NAMESPACES = {"m": "http://soap.sforce.com/2006/04/metadata", "u": "urn:partner.soap.sforce.com"}
_FAULTS = {"m": "http://soap.sforce.com/2006/04/metadata", "u": "urn:fault.partner.soap.sforce.com"}
_SENDING = {"Content-Type": "text/xml;charset=UTF-8"}
_NO_LOGIN = (
    "SOAP API login() is disabled by default in this org. Contact the org administrator to enable SOAP API login()."
)
_ILLEGAL_SESSION = "Invalid Session ID found in SessionHeader: Illegal Session. Session not found, missing session key"


def envelope(org: Org, call: Call, _: Params) -> Answer:
    """Answer the call in an envelope; an error is a fault, with status 500."""
    api = call.path[-1]
    try:
        with org.store.transaction():
            asked = _asked(call)
            name = xmltext.local(asked)
            result = _perform(org, call, api, asked)
    except ApiError as error:
        return _fault(api, error)
    body = xmltext.render(f"{name}Response", {"result": result})
    return Answer(200, headers=_SENDING, raw=_enveloped(f'xmlns="{_NAMESPACES[api]}"', body))


def _asked(call: Call) -> ET.Element:
    body = xmltext.find(xmltext.parse(call.raw), "Body")
    if body is None or not len(body):
        raise ApiError(500, "INVALID_OPERATION", "The envelope has no call in its body")
    return body[0]


def _perform(org: Org, call: Call, api: str, asked: ET.Element) -> Any:
    name = xmltext.local(asked)
    if api != "m" and name == "login":
        raise ApiError(500, "INVALID_OPERATION", _NO_LOGIN)
    if not call.user_id:
        raise ApiError(500, "INVALID_SESSION_ID", _ILLEGAL_SESSION)
    operation = _OPERATIONS.get(name) if api == "m" else None
    if operation is None:
        raise ApiError(500, "INVALID_OPERATION", f"The pocket org does not speak {name}() over SOAP")
    return operation(org, call, asked)


def _fault(api: str, error: ApiError) -> Answer:
    detail = ""
    if api != "m":
        said = {"sf:exceptionCode": error.code, "sf:exceptionMessage": error.message}
        detail = xmltext.render("detail", {"sf:UnexpectedErrorFault": said})
    words = {"faultcode": f"sf:{error.code}", "faultstring": f"{error.code}: {error.message}"}
    text = "".join(xmltext.render(key, value) for key, value in words.items()) + detail
    fault = f"<soapenv:Fault>{text}</soapenv:Fault>"
    return Answer(500, headers=_SENDING, raw=_enveloped(f'xmlns:sf="{_FAULTS[api]}"', fault))


def _enveloped(namespace: str, body: str) -> bytes:
    return (
        '<?xml version="1.0" encoding="UTF-8"?>'
        f'<soapenv:Envelope xmlns:soapenv="http://schemas.xmlsoap.org/soap/envelope/" {namespace} '
        'xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance">'
        f"<soapenv:Body>{body}</soapenv:Body></soapenv:Envelope>"
    ).encode()


# ------------------------------------------------------------------------ operations


def _deploy(org: Org, call: Call, asked: ET.Element) -> Record:
    options = xmltext.find(asked, "DeployOptions")
    try:
        zipped = base64.b64decode(xmltext.text(asked, "ZipFile"), validate=False)
    except binascii.Error:
        raise ApiError(500, "INVALID_OPERATION", "ZipFile is not base64") from None
    done = deploy.deploy(org, call, zipped, xmltext.children(options) if options is not None else {})
    return {"done": False, "id": done.id, "state": "Queued"}


def _check_deploy_status(org: Org, _: Call, asked: ET.Element) -> Record:
    wanted = xmltext.text(asked, "asyncProcessId") or xmltext.text(asked, "id")
    return deploy.find(org, wanted).result(details=xmltext.text(asked, "includeDetails").lower() == "true")


def _describe_metadata(*_: object) -> Record:
    types = [
        {
            "childXmlNames": list(kinds.CHILDREN) if name == "CustomObject" else [],
            "directoryName": folder,
            "inFolder": name == "Report",
            "metaFile": False,
            "suffix": suffix,
            "xmlName": name,
        }
        for name, (folder, suffix) in kinds.FOLDERS.items()
    ]
    nothing = {"organizationNamespace": "", "partialSaveAllowed": False, "testRequired": False}
    return {"metadataObjects": types, **nothing}


def _list_metadata(org: Org, call: Call, asked: ET.Element) -> list[Record]:
    wanted = [xmltext.text(query, "type") for query in asked if xmltext.local(query) == "queries"]
    return [_properties(org, call, kind, name) for kind in wanted for name in _names(org, kind)]


def _names(org: Org, kind: str) -> list[str]:
    if kind == "CustomObject":
        return [sobject.name for sobject in org.schema]
    if kind == "CustomField":
        return [f"{sobject.name}.{f.name}" for sobject in org.schema for f in sobject.fields.values() if f.custom]
    if kind == "ValidationRule":
        return [f"{sobject.name}.{rule.name}" for sobject in org.schema for rule in sobject.rules]
    if kind == "PermissionSet":
        return [row["Name"] for row in org.store.find("PermissionSet")]
    if kind == "CustomNotificationType":
        return [row["DeveloperName"] for row in org.store.find("CustomNotificationType")]
    return [name for of, name in deploy.sources(org) if of == kind]


def _properties(org: Org, call: Call, kind: str, name: str) -> Record:
    """The FileProperties of a component. Who made it and when is not kept."""
    folder, suffix = kinds.FOLDERS["CustomObject" if kind in kinds.CHILDREN else kind]
    file = f"{folder}/{name.partition('.')[0] if kind in kinds.CHILDREN else name}.{suffix}"
    return _file_properties(org, call, kind, name, file)


def _file_properties(org: Org, call: Call, kind: str, name: str, file: str) -> Record:
    user = (org.store.get("User", call.user_id) or {}).get("Name")
    now = moment(org.clock())
    return {
        "createdById": call.user_id,
        "createdByName": user,
        "createdDate": now,
        "fileName": file,
        "fullName": name,
        "id": "",
        "lastModifiedById": call.user_id,
        "lastModifiedByName": user,
        "lastModifiedDate": now,
        "manageableState": "unmanaged",
        "type": kind,
    }


def _retrieve(org: Org, call: Call, asked: ET.Element) -> Record:
    deploy.check_rights(org, call)
    # the WSDL calls it retrieveRequest, jsforce and with it Salesforce's CLI call it request
    wanted = next(iter(asked), None)
    unpackaged = xmltext.find(wanted, "unpackaged") if wanted is not None else None
    if wanted is None or unpackaged is None:
        raise ApiError(500, "INVALID_OPERATION", "Only unpackaged components can be retrieved from a pocket org")
    folder = "" if xmltext.text(wanted, "singlePackage") == "true" else "unpackaged/"
    members = package.members(unpackaged)
    done = retrieve.retrieve(org, members, version=xmltext.text(unpackaged, "version"), folder=folder)
    return {"done": False, "id": done.id, "state": "Queued"}


def _check_retrieve_status(org: Org, call: Call, asked: ET.Element) -> Record:
    wanted = xmltext.text(asked, "asyncProcessId") or xmltext.text(asked, "id")
    done = next((job for key, job in org.jobs.items() if key[:15] == wanted[:15]), None)
    if not isinstance(done, retrieve.Retrieval):
        raise ApiError(500, "INVALID_CROSS_REFERENCE_KEY", "invalid cross reference id")
    said = "Entity of type '{}' named '{}' cannot be found"
    return {
        "done": True,
        "fileProperties": [_file_properties(org, call, *each, file) for each, file in done.found],
        "id": done.id,
        "messages": [{"fileName": "package.xml", "problem": said.format(*each)} for each in done.missing],
        "status": "Succeeded",
        "success": True,
        "zipFile": base64.b64encode(done.zipped).decode(),
    }


_OPERATIONS: dict[str, Callable[[Org, Call, ET.Element], Any]] = {
    "deploy": _deploy,
    "checkDeployStatus": _check_deploy_status,
    "describeMetadata": _describe_metadata,
    "listMetadata": _list_metadata,
    "retrieve": _retrieve,
    "checkRetrieveStatus": _check_retrieve_status,
}

ROUTES: tuple[Route[Org], ...] = (Route("Soap/m", POST=envelope), Route("Soap/u", POST=envelope))
