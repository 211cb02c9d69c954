"""The Metadata API, as far as `sfsync setup` needs it: deploy a zip over REST, retrieve one over SOAP.

Nobody documents a retrieval over REST. Both are asked for first and looked after until they are done.

Source: Metadata API Developer Guide, "Deploy Metadata with Apex Testing Using REST", "retrieve()", "DeployResult".
"""

import base64
import json
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any
from xml.etree import ElementTree as ET
from xml.sax.saxutils import escape

import requests

from sfsync.errors import SetupError, SfsyncError, TryAgainLater
from sfsync.salesforce import codes
from sfsync.salesforce.session import PLACEHOLDER, Session

#: permissions on all fields of an object came with 63.0; the same as in config/salesforce/sfdx-project.json
VERSION = "66.0"
_NS = "{http://soap.sforce.com/2006/04/metadata}"
_RIGHTS = (
    "Log in as somebody who may 'Modify Metadata Through Metadata API Functions' and 'Customize Application'; "
    "a System Administrator may."
)
#: Salesforce's own client asks on when it is told this of a deployment that it has just begun
_NOT_YET = "INVALID_CROSS_REFERENCE_KEY"
_PATIENCE = 600.0
_PAUSES = (0.2, 0.5, 1.0, 2.0)


@dataclass(frozen=True, slots=True)
class Problem:
    """Why one component was not deployed."""

    kind: str
    name: str
    text: str
    #: within the zip
    file: str
    line: int


@dataclass(frozen=True, slots=True)
class Deployed:
    """What a deployment came to."""

    id: str
    status: str
    done: bool
    success: bool
    deployed: int
    total: int
    problems: tuple[Problem, ...]
    #: what Salesforce says of the whole, where no component is to blame
    message: str

    @classmethod
    def read(cls, body: Mapping[str, Any]) -> "Deployed":
        result = body.get("deployResult") or {}
        failures = (result.get("details") or {}).get("componentFailures") or []
        return cls(
            id=str(body["id"]),
            status=str(result.get("status") or "Pending"),
            done=bool(result.get("done")),
            success=bool(result.get("success")),
            deployed=int(result.get("numberComponentsDeployed") or 0),
            total=int(result.get("numberComponentsTotal") or 0),
            problems=tuple(_problem(each) for each in failures),
            message=str(result.get("errorMessage") or ""),
        )


class MetadataApi:
    """Deployments and retrievals of one org, as the user that the session belongs to."""

    def __init__(self, session: Session, sleep: Callable[[float], None] = time.sleep) -> None:
        self._session, self._sleep = session, sleep

    # ------------------------------------------------------------------- deploy

    def deploy(self, zipped: bytes, *, check_only: bool) -> Deployed:
        """Hand a zip over; all of it or nothing is put in place. Raises SetupError, or AnswerLost: compare again."""
        options = {
            "checkOnly": check_only,
            "rollbackOnError": True,
            "singlePackage": True,
            "ignoreWarnings": True,
            "testLevel": "NoTestRun",
        }
        parts = {
            "json": (None, json.dumps({"deployOptions": options}), "application/json"),
            "file": ("package.zip", zipped, "application/zip"),
        }
        return Deployed.read(self._rest("POST", "", files=parts))

    def status(self, deployment: str) -> Deployed:
        """How far it is. Raises TryAgainLater."""
        try:
            return Deployed.read(self._rest("GET", f"/{deployment}?includeDetails=true"))
        except SetupError as error:
            if _NOT_YET in error.what:
                raise TryAgainLater("The org does not know of the deployment yet.") from None
            raise

    def cancel(self, deployment: str) -> None:
        """Ask the org to give a deployment up; what is done already stays. Never raises."""
        try:
            self._rest("PATCH", f"/{deployment}", json={"deployResult": {"status": "Canceling"}})
        except SfsyncError:
            return

    def wait(self, deployment: str, say: Callable[[Deployed], None]) -> Deployed:
        """Look after a deployment until it is done, whatever the network does meanwhile. Raises TryAgainLater."""
        found: list[Deployed] = []

        def look() -> bool:
            now = self.status(deployment)
            say(now)
            found[:] = [now]
            return now.done

        self._until(look, f"The deployment {deployment} is still under way.")
        return found[0]

    # ----------------------------------------------------------------- retrieve

    def retrieve(self, members: Iterable[tuple[str, str]]) -> bytes:
        """The zip of what the org has of these, without what it has not. Raises SetupError or TryAgainLater."""
        types = "".join(
            f"<types><members>{escape(name)}</members><name>{kind}</name></types>" for kind, name in members
        )
        package = f"<unpackaged>{types}<version>{VERSION}</version></unpackaged>"
        request = f"<apiVersion>{VERSION}</apiVersion><singlePackage>true</singlePackage>{package}"
        started = self._soap("retrieve", f"<retrieveRequest>{request}</retrieveRequest>")
        asked = f"<asyncProcessId>{escape(_text(started, 'id'))}</asyncProcessId><includeZip>true</includeZip>"
        answers: list[ET.Element] = []

        def look() -> bool:
            answers[:] = [self._soap("checkRetrieveStatus", asked)]
            return _text(answers[0], "done") == "true"

        self._until(look, "The org is slow to say what it has.")
        if _text(answers[0], "success") == "false":
            raise SetupError(f"The org does not say what it has: {_text(answers[0], 'errorMessage')}")
        return base64.b64decode(_text(answers[0], "zipFile"))

    # --------------------------------------------------------------------- calls

    def _until(self, done: Callable[[], bool], slow: str) -> None:
        waited, n = 0.0, 0
        while waited < _PATIENCE:
            try:
                if done():
                    return
            except TryAgainLater as error:
                slow = str(error)
            pause = _PAUSES[min(n, len(_PAUSES) - 1)]
            self._sleep(pause)
            waited, n = waited + pause, n + 1
        raise TryAgainLater(slow)

    def _rest(self, method: str, path: str, **more: Any) -> Any:
        url = f"https://{PLACEHOLDER}/services/data/v{VERSION}/metadata/deployRequest{path}"
        answer = self._session.request(method, url, **more)
        try:
            body = answer.json()
        except requests.JSONDecodeError:
            raise TryAgainLater(f"Salesforce answers HTTP {answer.status_code} without saying why.") from None
        if not answer.ok:
            raise _refusal(*(codes.first_error(body) or (f"HTTP {answer.status_code}", "")))
        return body

    def _soap(self, call: str, inside: str) -> ET.Element:
        header = f"<SessionHeader><sessionId>{escape(self._session.access_token)}</sessionId></SessionHeader>"
        envelope = (
            '<e:Envelope xmlns:e="http://schemas.xmlsoap.org/soap/envelope/" xmlns="http://soap.sforce.com/2006/04/'
            f'metadata"><e:Header>{header}</e:Header><e:Body><{call}>{inside}</{call}></e:Body></e:Envelope>'
        )
        headers = {"Content-Type": "text/xml; charset=UTF-8", "SOAPAction": '""'}
        url = f"https://{PLACEHOLDER}/services/Soap/m/{VERSION}"
        answer = self._session.request("POST", url, data=envelope.encode(), headers=headers, reads=False)
        return _result(answer)


def _result(answer: requests.Response) -> ET.Element:
    try:
        root = ET.fromstring(answer.content)  # noqa: S314 (the org's own answer, over TLS)
    except ET.ParseError:
        raise TryAgainLater(f"Salesforce answers HTTP {answer.status_code} without saying why.") from None
    said = next(root.iter("faultstring"), None)
    if said is not None:
        code, _, text = (said.text or "").partition(": ")
        raise _refusal(code.removeprefix("sf:"), text)
    result = next(root.iter(f"{_NS}result"), None)
    if result is None:
        raise TryAgainLater("Salesforce's answer is not what it documents.")
    return result


def _refusal(code: str, text: str) -> SfsyncError:
    if code == "INSUFFICIENT_ACCESS":
        return SetupError(f"Salesforce does not let this user change its metadata: {text}.", remedy=_RIGHTS)
    if code == "INVALID_SESSION_ID":
        return SetupError("The access token is not valid any more.", remedy="Log in again: sf org login web.")
    return codes.classify(code, text)


def _problem(failure: Mapping[str, Any]) -> Problem:
    return Problem(
        kind=str(failure.get("componentType") or ""),
        name=str(failure.get("fullName") or ""),
        text=str(failure.get("problem") or "no reason given"),
        file=str(failure.get("fileName") or ""),
        line=int(failure.get("lineNumber") or 0),
    )


def _text(element: ET.Element, name: str) -> str:
    return element.findtext(f"{_NS}{name}", "").strip()
