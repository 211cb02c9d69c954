"""PDF/A-2b, the PDF for archives (ISO 19005-2): what a file says of itself, and whether others' pages may be in it.

Our own pages need nothing more: every font is embedded, and colours are RGB. The check of other people's files is
pikepdf's, which approves only what it knows to conform; it is an extra that only such files need.
"""

from collections.abc import Iterable
from datetime import UTC, datetime
from functools import lru_cache
from io import BytesIO
from xml.sax.saxutils import escape

from PIL import ImageCms
from reportlab.pdfbase import pdfdoc
from reportlab.pdfgen.canvas import Canvas

from sfsync.errors import SetupError

#: the version that PDF/A-2 is made of
_VERSION = (1, 7)
_SPACE = "sRGB IEC61966-2.1"
#: bytes of an ICC profile's header that hold when it was made
_MADE_AT = slice(24, 36)
_SHOWN = 3
_XMP = """\
<?xpacket begin="\ufeff" id="W5M0MpCehiHzreSzNTczkc9d"?>
<x:xmpmeta xmlns:x="adobe:ns:meta/">
<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">
<rdf:Description rdf:about="" xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:pdf="http://ns.adobe.com/pdf/1.3/"
 xmlns:xmp="http://ns.adobe.com/xap/1.0/" xmlns:pdfaid="http://www.aiim.org/pdfa/ns/id/">
<pdfaid:part>2</pdfaid:part>
<pdfaid:conformance>B</pdfaid:conformance>
<dc:title><rdf:Alt><rdf:li xml:lang="x-default">{title}</rdf:li></rdf:Alt></dc:title>
<dc:creator><rdf:Seq><rdf:li>{author}</rdf:li></rdf:Seq></dc:creator>
<dc:description><rdf:Alt><rdf:li xml:lang="x-default">{subject}</rdf:li></rdf:Alt></dc:description>
<pdf:Keywords>{keywords}</pdf:Keywords>
<pdf:Producer>{producer}</pdf:Producer>
<xmp:CreatorTool>{creator}</xmp:CreatorTool>
<xmp:CreateDate>{moment}</xmp:CreateDate>
<xmp:ModifyDate>{moment}</xmp:ModifyDate>
</rdf:Description>
</rdf:RDF>
</x:xmpmeta>
<?xpacket end="w"?>"""


def declare(canvas: Canvas, info: pdfdoc.PDFInfo, requested_at: datetime) -> None:
    """Say that the document is a PDF/A-2b, in which colours, and all that its information says once more as XMP."""
    document = canvas._doc  # noqa: SLF001 (ReportLab offers no other way to the catalog)
    document._pdfVersion = _VERSION  # noqa: SLF001
    catalog = document.Catalog
    catalog.Metadata = _stream({"Type": "Metadata", "Subtype": "XML"}, _xmp(info, requested_at))
    profile = document.Reference(_stream({"N": 3}, _srgb()))
    catalog.__NoDefault__ = [*catalog.__NoDefault__, "OutputIntents"]
    intent = {
        "Type": pdfdoc.PDFName("OutputIntent"),
        "S": pdfdoc.PDFName("GTS_PDFA1"),
        "OutputConditionIdentifier": pdfdoc.PDFString(_SPACE),
        "Info": pdfdoc.PDFString(_SPACE),
        "DestOutputProfile": profile,
    }
    catalog.OutputIntents = pdfdoc.PDFArray([pdfdoc.PDFDictionary(intent)])


def _stream(entries: dict[str, str | int], content: bytes) -> pdfdoc.PDFStream:
    said = {key: pdfdoc.PDFName(value) if isinstance(value, str) else value for key, value in entries.items()}
    return pdfdoc.PDFStream(pdfdoc.PDFDictionary(said), content)


def _xmp(info: pdfdoc.PDFInfo, requested_at: datetime) -> bytes:
    said = {name: escape(getattr(info, name)) for name in ("title", "author", "subject", "keywords", "creator")}
    moment = f"{requested_at.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"
    return _XMP.format(**said, producer=escape(info.producer), moment=moment).encode()


@lru_cache(maxsize=1)
def _srgb() -> bytes:
    """The profile of sRGB, without the moment at which it was made."""
    profile = bytearray(ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes())
    profile[_MADE_AT] = (2000).to_bytes(2, "big") + (1).to_bytes(2, "big") * 2 + bytes(6)
    return bytes(profile)


def findings(content: bytes) -> list[str]:
    """What keeps a file from being a PDF/A-2b; empty where it is one. Raises SetupError where the extra is missing."""
    try:
        from pikepdf import pdfa  # noqa: PLC0415 (an extra, which few installations need)
    except ModuleNotFoundError:
        remedy = "Install it: pip install 'sfsync[pdfa]'."
        raise SetupError("Checking other files for pdf_a needs a package that is missing.", remedy=remedy) from None
    report = pdfa.validate_written(BytesIO(content), "2b")
    return [str(finding.message) for finding in report.findings] if not report.passed else []


def refuse(name: str, found: Iterable[str]) -> None:
    """Raise SetupError if a file cannot be part of a PDF/A."""
    said = list(dict.fromkeys(found))
    if said:
        more = f"; and {len(said) - _SHOWN} more" if len(said) > _SHOWN else ""
        raise SetupError(
            f"The PDF cannot be part of a PDF/A: {'; '.join(said[:_SHOWN])}{more}.",
            where=name,
            remedy="Save it as PDF/A-2b, with all fonts embedded, or take pdf_a out of the settings.",
        )
