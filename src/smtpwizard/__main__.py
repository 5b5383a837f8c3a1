"""The program's way in, as `smtpwizard` and as `python -m smtpwizard`.

Ctrl+C before `main` can tell of it ends the process by the signal itself, without Python's traceback.
"""

import signal

if signal.getsignal(signal.SIGINT) is signal.default_int_handler:  # not where the caller has it ignored (nohup)
    signal.signal(signal.SIGINT, signal.SIG_DFL)

from smtpwizard.cli.main import main

if __name__ == "__main__":
    main()
