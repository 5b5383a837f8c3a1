"""CSS of a mail moved into its elements, as the app's mailer does. Fetches nothing: linked style sheets stay out."""

from __future__ import annotations

from smtpwizard.errors import FileError


def well_formed(text: str) -> str:
    """Return `text` as JavaScript hands it on as UTF-8: half a character (a lone surrogate) becomes U+FFFD."""
    return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")


def inline(html: str) -> str:
    """Return `html` with the rules of its `<style>` elements inlined. FileError where the engine refuses it.

    The engine is the app's, of the same version: @nestjs-modules/mailer 2.0.2 depends on exactly @css-inline/css-inline
    0.14.1 and calls `inline(html, {})`. Later ones write other bytes: 0.14.2 other quotes, 0.14.3 keeps `!important` in
    a style attribute. As there, `<style>` elements go, and with them `@media`, but for those that are marked
    `data-css-inline="keep"`. Unlike there, style sheets from elsewhere are left out: a preview must not open
    connections or files that a template names.
    """
    import css_inline  # 14 ms, and only for those who render

    try:
        return css_inline.CSSInliner(load_remote_stylesheets=False).inline(well_formed(html))
    except css_inline.InlineError as error:
        raise FileError(f"The CSS of the mail cannot be inlined: {error}.", "Mail template") from error
