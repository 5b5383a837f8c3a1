"""`python -m smtpwizard`."""

from __future__ import annotations

from smtpwizard.cli.main import main

if __name__ == "__main__":
    main()
