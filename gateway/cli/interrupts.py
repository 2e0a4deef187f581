"""Interrupts of a command: SIGTERM and SIGHUP act like Ctrl-C, and none of the three is lost."""

import signal
import sys
import threading
import time
from types import FrameType

AGAIN_S = 0.05  #: until an interrupt that was lost is sent again
ONCE_MORE_S = 1.0  #: until it is sent once more


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
        elif threading.current_thread() is threading.main_thread():
            _interrupt_soon()

    sys.unraisablehook = send_again


def _interrupt_soon() -> None:
    """Interrupt the main thread, which calls this, once it is out of the finalizer; a system call of its ends, too.

    More than once: a signal that comes just before a system call begins does not end it.
    """
    usual = signal.getsignal(signal.SIGINT)
    arrived = threading.Event()

    def interrupt(number: int, frame: FrameType | None) -> None:
        arrived.set()
        signal.signal(signal.SIGINT, usual)
        if not callable(usual):  # where SIGINT is ignored, SIGTERM is not
            raise KeyboardInterrupt
        usual(number, frame)

    def send() -> None:
        time.sleep(AGAIN_S)
        while not arrived.is_set():
            signal.pthread_kill(threading.main_thread().ident or 0, signal.SIGINT)
            time.sleep(ONCE_MORE_S)

    signal.signal(signal.SIGINT, interrupt)
    threading.Thread(target=send, daemon=True).start()
