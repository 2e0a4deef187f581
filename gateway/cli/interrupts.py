"""Interrupts of a command: SIGTERM and SIGHUP act like Ctrl-C, and none of the three is lost."""

import signal
import sys
import threading
import time

AGAIN_S = 0.05  #: until an interrupt that was lost is sent again


def end_on_sigterm() -> None:
    """Make SIGTERM and SIGHUP act like Ctrl-C: all children end, and the output can be resumed.

    A SIGHUP that is ignored, as under nohup, stays so.
    """

    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    signal.signal(signal.SIGTERM, interrupt)
    if hasattr(signal, "SIGHUP") and signal.getsignal(signal.SIGHUP) is not signal.SIG_IGN:
        signal.signal(signal.SIGHUP, interrupt)


def keep_interrupts() -> None:
    """Send an interrupt again that came while Python ran a finalizer, such as `__del__` or a weak reference's callback.

    Python prints "Exception ignored in" for an exception there and goes on, KeyboardInterrupt included: the command
    would run on as if it had not been asked to end.
    """
    show = sys.unraisablehook

    def send_again(unraisable: "sys.UnraisableHookArgs") -> None:
        if not issubclass(unraisable.exc_type, KeyboardInterrupt):
            show(unraisable)
        elif threading.main_thread().is_alive():
            threading.Thread(target=_interrupt_soon, daemon=True).start()

    sys.unraisablehook = send_again


def _interrupt_soon() -> None:
    """Interrupt the main thread once it is out of the finalizer; a system call of its ends, too."""
    time.sleep(AGAIN_S)
    signal.pthread_kill(threading.main_thread().ident or 0, signal.SIGINT)
