"""The end of a child process with espeak: killed, with its pipes closed."""

import contextlib
import os
import subprocess


def kill_process(process: "subprocess.Popen[bytes]", owner_pid: int) -> None:
    """Kill the process, whatever it is doing; a fork of its owner only closes its pipes."""
    if os.getpid() == owner_pid:
        process.kill()
        process.wait()
    for pipe in (process.stdin, process.stdout):
        with contextlib.suppress(BrokenPipeError):
            if pipe:
                pipe.close()
