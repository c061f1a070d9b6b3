"""A bundle's texts drawn as QR codes on one page that prints and needs nothing beside itself."""

from collections.abc import Sequence
from html import escape

from xstock_node.services.errors import Refusal

PAGE = """<!doctype html>
<html><head><meta charset="utf-8"><title>{title}</title><style>
body {{ font: 14px monospace; margin: 1em }}
figure {{ break-inside: avoid; display: inline-block; margin: 1em }}
figcaption {{ text-align: center }}
</style></head><body><h1>{title}</h1>
{figures}
</body></html>
"""
FIGURE = "<figure>{drawn}<figcaption>{caption}</figcaption></figure>"
SCALE, BORDER = 3, 4  # the standard asks for four modules of quiet zone (ISO/IEC 18004)


def draw(texts: Sequence[str], title: str) -> bytes:
    """The page; each code is captioned by the words before its base64. Needs the extra `codes`."""
    try:
        import segno
    except ImportError:
        do = "`pip install 'xstock-node[codes]'`, or a file not named .html"
        raise Refusal("no-segno", "the extra `codes` for drawn codes", "it is not installed", do, 2) from None
    figures = []
    for text in texts:
        code = segno.make(text, error="l", micro=False, boost_error=False)
        caption = escape(text.rpartition(" ")[0])
        figures.append(FIGURE.format(drawn=code.svg_inline(scale=SCALE, border=BORDER), caption=caption))
    return PAGE.format(title=escape(title), figures="\n".join(figures)).encode()
