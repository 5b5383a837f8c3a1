"""The readable text of an HTML mail."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from smtpwizard.mail.messages import WIDTH, from_html, inline


@pytest.mark.parametrize(
    ("html", "text"),
    [
        ("<h1>Title</h1><p>One</p><p>Two</p>", "Title\n\nOne\n\nTwo"),
        ("<p>a\n   b&nbsp;&amp; c</p>", "a b & c"),
        ("one<br>two", "one\ntwo"),
        ("<ul><li>one<li>two</ul><p>after", "- one\n- two\n\nafter"),
        ("<ul><li><p>one</p></li><li>two<ul><li>in</li></ul></li><li>three</ul>", "- one\n- two\n  - in\n- three"),
        ("<ol><li>one<li>two</ol><ol><li>one</ol>", "1. one\n2. two\n\n1. one"),
        ("<ul><li><a href='https://x.example/a'>Here</a></ul>", "- Here: https://x.example/a"),
        ("<table><tr><td>a</td><td>b</td></tr><tr><td>&nbsp;</td></tr><tr><td>c</td></tr></table>", "a\nb\n\nc"),
        ("<table><tr><td><p>a</p><p>b</p></td><td><img src=x></td><td><img src=x alt=' '></td></tr></table>", "a\n\nb"),
        ("<a href='https://x.example/a'>Here</a>", "Here: https://x.example/a"),
        ("<a href='https://x.example/a'>https://x.example/a</a>", "https://x.example/a"),
        ("<p>See <a href='https://x.example'>us</a>.</p><p>https://x.example</p>", "See us.\n\nhttps://x.example"),
        (
            "<p><a href='https://x.example'>Us</a></p><p>https://x.example/a</p>",
            "Us: https://x.example\n\nhttps://x.example/a",
        ),
        ("<a href='https://x.example/'>x.example</a>", "x.example"),
        (
            "<a href='https://x/a'>One</a>, <a href='https://x/a'>two</a><a href='https://x/a'><img></a>",
            "One: https://x/a, two",
        ),
        ("<a href='https://x.example/a'>Here </a>and", "Here: https://x.example/a and"),
        ("<a href='https://x.example/a'>\n<img alt='GitHub'>\n</a>", "[GitHub]: https://x.example/a"),
        ("<a href='https://x/b'><table><tr><td>Press</td></tr></table></a>", "Press\n\nhttps://x/b"),
        ("<a href='mailto:a@b.example'>Write</a>", "Write: a@b.example"),
        ("<a href='https://x.example'><img alt='Logo' src='x'></a>", "[Logo]: https://x.example"),
        ("<a href='https://x.example'><img src='x'></a>", "https://x.example"),
        ("<a href='javascript:alert(1)'>x</a>", "x"),
        ("<a href='#top'>up</a>", "up"),
        ("<title>t</title><style>p{}</style><script>x</script>y", "y"),
        ("<div style='display:none'>unseen<p>neither</p></div>seen", "seen"),
        (
            "<p style='visibility: hidden'>unseen</p><p style='max-height:0;'>unseen</p><p style='opacity:0.9'>seen",
            "seen",
        ),
        ("a\u200bb\u00adc\u034f\ufeff", "abc"),
        ("<div hidden>unseen</div><p class='small html-only'>unseen</p>seen", "seen"),
        ("<!-- comment --><p>x</p>", "x"),
        ("<p>a</p></div></p><p>b</p>", "a\n\nb"),
        ("", ""),
    ],
)
def test_html_becomes_the_text_that_one_would_read_aloud(html: str, text: str) -> None:
    assert from_html(html) == text + "\n"


def test_paragraphs_are_filled_and_addresses_are_never_broken() -> None:
    address = "https://x.example/" + "a" * 200 + "-b?c=d"
    lines = from_html(f"<p>{'word ' * 60}<a href='{address}'>link</a></p>").split("\n")
    assert address in lines
    assert max(len(line) for line in lines if line != address) <= WIDTH


@given(st.text(alphabet="<>/ap brdivulo=\"'&;#\0\1\n!-", max_size=200))
def test_no_html_makes_it_raise_or_leave_a_marker(html: str) -> None:
    assert not {"\0", "\1"} & set(from_html(html))


def test_a_mail_that_nests_without_end_is_read_in_one_go() -> None:
    assert from_html("<b>x</i>" * 20_000 + "<p hidden>" * 20_000 + "unseen").split() == ["x" * 20_000]


def test_a_long_item_hangs_below_its_dash() -> None:
    first, second = from_html(f"<ul><li>{'word ' * 20}</ul>").rstrip("\n").split("\n")
    assert (first[:3], second[:3]) == ("- w", "  w")


def test_styles_are_inlined_and_media_queries_that_ask_to_stay_do() -> None:
    html = (
        "<html><head><style>p{color:red}</style>"
        "<style data-css-inline='keep'>@media print{p{color:blue}}</style></head>"
        "<body><p>x</p></body></html>"
    )
    result = inline(html)
    assert '<p style="color: red;">' in result
    assert "@media print" in result
    assert "p{color:red}" not in result


def test_style_sheets_from_elsewhere_are_never_loaded(tmp_path_factory: pytest.TempPathFactory) -> None:
    sheet = tmp_path_factory.mktemp("css") / "x.css"
    sheet.write_text("p{color:red}")
    for href in (sheet.as_uri(), str(sheet), "http://127.0.0.1:9/x.css"):
        html = f"<html><head><link rel='stylesheet' href='{href}'></head><body><p>x</p></body></html>"
        assert "red" not in inline(html)
