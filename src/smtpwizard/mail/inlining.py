"""CSS of a mail moved into its elements, as the app's mailer does. Fetches nothing: linked style sheets stay out."""

from __future__ import annotations

from smtpwizard.errors import FileError


def inline(html: str) -> str:
    """Return `html` with the rules of its `<style>` elements inlined. FileError where the engine refuses it.

    The engine is the app's (@nestjs-modules/mailer 2.0.2 calls @css-inline/css-inline), with its defaults but for style
    sheets from elsewhere: a preview must not open connections or files that a template names.
    """
    import css_inline  # 14 ms, and only for those who render

    try:
        return css_inline.CSSInliner(load_remote_stylesheets=False).inline(html)
    except css_inline.InlineError as error:
        raise FileError(f"The CSS of the mail cannot be inlined: {error}.", "Mail template") from error
