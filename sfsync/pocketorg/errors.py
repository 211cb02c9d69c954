"""The one way in which the pocket org says no: Salesforce's status, code, text and shape."""

from typing import Any


class ApiError(Exception):
    """A refusal as Salesforce words it; `fields` is None where it sends no such key (parse, URL and SOQL errors)."""

    def __init__(self, status: int, code: str, message: str, fields: list[str] | None = None) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.message = message
        self.fields = fields

    def body(self) -> list[dict[str, Any]]:
        """The body of a REST answer.

        Source: REST API Developer Guide, "Status Codes and Error Responses".
        """
        error: dict[str, Any] = {"message": self.message, "errorCode": self.code}
        if self.fields is not None:
            error["fields"] = self.fields
        return [error]
