"""SIGHUP as SIGTERM: a terminal that closes ends a process in order, as an operator would."""

import signal


def handle_sighup_as_sigterm() -> None:
    """Have SIGHUP do what SIGTERM does in this process, unless it is ignored, as under nohup."""
    if hasattr(signal, "SIGHUP") and signal.getsignal(signal.SIGHUP) is not signal.SIG_IGN:
        signal.signal(signal.SIGHUP, lambda *_: signal.raise_signal(signal.SIGTERM))
