"""The people of app.example: who has a mailbox on the test's mail servers, and what is said of mail to them."""

from __future__ import annotations

from typing import Final

APP: Final = "app@app.example"
"""As whom the app logs in and sends."""
READER: Final = "reader@app.example"
"""Whose mail lands in the inbox."""
JUNKED: Final = "junked@app.example"
"""Whose mail lands in Junk."""

PASSWORDS: Final = {APP: "e2e: the #1 Pass$word", READER: "e2e-reader-password", JUNKED: "e2e-junked-password"}
"""The app's holds what a `.env` must quote and a login must not mangle."""

VERDICTS: Final = {
    READER: "spf=pass smtp.mailfrom=app.example; dkim=pass header.d=app.example; dmarc=pass header.from=app.example",
    JUNKED: "spf=softfail smtp.mailfrom=app.example; dkim=none; dmarc=fail header.from=app.example",
}
"""What the receiving server writes into `Authentication-Results`: see Postfix."""
