"""HTML documents with style sheets made at random, as mails have them, for comparison with the app's CSS engine."""

from __future__ import annotations

from random import Random

_SELECTORS = [
    "p", "h1", "div", "td", "table", "a", "body", "*", ".a", ".b", ".a.b", "#i", "p.a", "div p", "table td", "td > a",
    "p + p", "p ~ p", "h1, p", "a:hover", "p:first-child", "p:nth-child(2)", "td:not(.a)", "[class^=a]", "a[href]",
    "*[class*=b-]", "p::before", "u+#body a", "table:not([class^=s-]) td", ":root", "html", "p:nonsense(",
]  # fmt: skip
_DECLARATIONS = [
    "color:red", "color: #FFF", "color:inherit", "margin:0 auto", "margin-top: 5px", "padding:12px !important",
    "padding:16px!important", "font-family:Helvetica,Arial,sans-serif\n !important", 'font-family: "Segoe UI", Roboto',
    "font-family:'Open Sans'", "line-height:150%", "background:url(x.png) no-repeat", "mso-hide:all", "color: RED", "",
    "background-image:url('data:image/png;base64,AA==')", "-webkit-text-size-adjust:100%", "width:calc(100% - 2px)",
    "border:1px solid rgba(0,0,0,.5)", "content:'\\201c'", "--x: 1px", "width: var(--x)", "display:none", "color",
]  # fmt: skip
_AT_RULES = [
    "@media (max-width:480px){%s}", "@media screen and (max-width: 600px) {\n%s\n}",
    "@font-face{font-family:x;src:url(x)}", "@supports (display:grid){%s}", "/* comment */", "<!--", "-->",
]  # fmt: skip
_TEXT = [
    "x", "a &amp; b", "&#160;", "&nbsp;", "é", "<br>", "<br />", "'\"", "a < b", "&lt;", "\u00a0", "=", "\r\n",
    "&copy;", "<!-- c -->", "<!--[if mso]><table><![endif]-->", "<b>q</b>",
]  # fmt: skip
_ATTRIBUTES = [
    "class='a'", 'class="a b"', "class='a-1 b-2 s-3'", "id='i'", "style='color:green'", "style=\"font-family:'X'\"",
    "style='padding:1px !important'", "style=''", "style='color: red;margin:0;'", "href='https://x/?a=b&c=d'",
    'href="x&amp;y"', "title='&quot;q&quot;'", "align=center", "bgcolor='#ffffff'", "width='100%'", "hidden",
    "data-css-inline='ignore'",
]  # fmt: skip
_STYLES = [
    "<style>%s</style>", "<style type='text/css'>\n%s\n</style>", "<style data-css-inline='keep'>%s</style>",
    "<style data-css-inline='ignore'>%s</style>",
]  # fmt: skip


class Documents:
    """Draws from `random`."""

    def __init__(self, random: Random) -> None:
        self._random = random

    def document(self) -> str:
        """Return a document: whole, without doctype, or a fragment."""
        pick = self._random
        head = "".join(pick.choice(_STYLES) % self._sheet() for _ in range(pick.choice([0, 1, 1, 1, 2])))
        body = "".join(self._element(0) for _ in range(pick.randint(1, 5)))
        whole = (
            "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset='utf-8'>\n<title>t &amp; u</title>%s</head>\n"
        )
        return pick.choice(
            [
                f"{whole % head}<body class='a'>\n{body}\n</body>\n</html>\n",
                f"<html><head>{head}</head><body bgcolor='#fff'>{body}</body></html>",
                head + body,
            ]
        )

    def _sheet(self) -> str:
        rules = []
        for _ in range(self._random.randint(0, 8)):
            at = self._random.choice(_AT_RULES) if self._random.random() < 0.15 else "%s"
            rules.append(at % self._rule() if "%s" in at else at)
        return "\n".join(rules)

    def _rule(self) -> str:
        pick = self._random
        selector = ", ".join(pick.choice(_SELECTORS) for _ in range(pick.choice([1, 1, 1, 2])))
        declarations = pick.choice(["; ", ";", ";\n"]).join(
            pick.choice(_DECLARATIONS) for _ in range(pick.randint(0, 4))
        )
        return selector + pick.choice(["{", " { "]) + declarations + pick.choice(["}", ";}", " }\n"])

    def _element(self, depth: int) -> str:
        pick = self._random
        tag = pick.choice(["p", "div", "h1", "a", "span", "td", "table", "ul", "img", "center", "font"])
        chosen = {text.partition("=")[0]: text for text in pick.sample(_ATTRIBUTES, pick.randint(0, 3))}
        attributes = "".join(f" {text}" for text in chosen.values())
        inner = "".join(
            pick.choice(_TEXT) if pick.random() < 0.6 or depth > 3 else self._element(depth + 1)
            for _ in range(pick.randint(0, 3))
        )
        if tag == "img":
            return f"<img{attributes} src='x'/>"
        if tag == "td":
            return f"<table{attributes}><tbody><tr><td{attributes}>{inner}</td></tr></tbody></table>"
        return f"<{tag}{attributes}>{inner}</{tag}>"
