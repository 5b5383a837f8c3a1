"""The program's way in, as `smtpwizard` and as `python -m smtpwizard`.

Ctrl+C before `main` can tell of it ends the process by the signal itself, without Python's traceback.
"""

import gc
import signal

gc.set_threshold(200_000)
"""New objects between two collections. A command makes 30,000 that stay until its end, the wizard 180,000 until its
first screen is quiet; with the usual 700 they are looked through 50 times and more, a tenth of the start."""
if signal.getsignal(signal.SIGINT) is signal.default_int_handler:  # not where the caller has it ignored (nohup)
    signal.signal(signal.SIGINT, signal.SIG_DFL)

from smtpwizard.cli.main import main  # noqa: E402  # neither of the above may come later

if __name__ == "__main__":
    main()
