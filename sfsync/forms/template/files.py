"""The templates folder: the only files that a template can name, and only those that are what they should be."""

from pathlib import Path

from sfsync.errors import SetupError, did_you_mean
from sfsync.forms.pictures import ENDINGS, checked

#: a form's text with all its terms has a tenth of it
_LARGEST_TEXT = 500_000
_LARGEST_PICTURES = 20_000_000


class Folder:
    """Files beside a template. A link that leads out of the folder leads nowhere."""

    def __init__(self, path: Path, prefix: str) -> None:
        self._path = path
        #: what stands before a file's name in messages: 'templates/'
        self._prefix = prefix

    def text(self, name: str) -> str:
        """Raises SetupError where it cannot be read, or should not be."""
        path = self._inside(name)
        if path is None:
            near = did_you_mean(name, (p.name for p in self._path.glob("*.xml")))
            raise SetupError(f"There is no {name} beside the template.", where=self._prefix + name, remedy=near)
        try:
            size = path.stat().st_size
            data = path.read_bytes() if size <= _LARGEST_TEXT else b""
            if size > _LARGEST_TEXT:
                raise SetupError(f"{name} is larger than {_LARGEST_TEXT // 1000} kB.", where=self._prefix + name)
            return "\n".join(data.decode("utf-8-sig").replace("\r\n", "\n").split("\r"))
        except UnicodeDecodeError as error:
            line = data.count(b"\n", 0, error.start) + 1
            what, where = f"{name} is not UTF-8 text.", f"{self._prefix}{name}:{line}"
            raise SetupError(what, where=where, remedy="Save it as UTF-8.") from None
        except OSError as error:
            raise SetupError(f"{name} cannot be read: {error.strerror}.", where=self._prefix + name) from None

    def pictures(self) -> tuple[dict[str, bytes], list[SetupError]]:
        """All of them, and what is wrong with some."""
        found: dict[str, bytes] = {}
        problems: list[SetupError] = []
        for path in sorted(p for p in self._path.glob("*") if p.suffix.lower() in ENDINGS):
            try:
                if inside := self._inside(path.name):
                    found[path.name] = checked(inside.read_bytes(), self._prefix + path.name)
            except OSError as error:
                problems.append(SetupError(f"It cannot be read: {error.strerror}.", where=self._prefix + path.name))
            except SetupError as problem:
                problems.append(problem)
        if sum(map(len, found.values())) > _LARGEST_PICTURES:
            what = f"The pictures together are larger than {_LARGEST_PICTURES // 1_000_000} MB."
            problems.append(SetupError(what, where=self._prefix or ".", remedy="Save them smaller."))
        return found, problems

    def _inside(self, name: str) -> Path | None:
        """The file, if it is one and lies in the folder itself."""
        try:
            path = (self._path / name).resolve()
            return path if path.parent == self._path.resolve() and path.is_file() else None
        except (OSError, ValueError):  # a name with a null byte, a loop of links
            return None
