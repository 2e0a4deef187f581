"""The document reader of a gateway: uploaded files become documents without holding up other requests.

Plain text in UTF-8 is decoded in a thread. Everything else is parsed in a process of its own, of which few run at a
time: a hostile file costs that process, and its client an error.
"""

import asyncio
import contextlib
import os
from asyncio.subprocess import DEVNULL, PIPE

from seriatim.errors import BadInput
from seriatim.process.interpreter import python_command
from seriatim.settings import Settings, other_variables
from seriatim.text.documents import Document, DocumentLimits, read_document
from seriatim.text.documents.document_process import MODULE, decode_reply, encode_request
from seriatim.text.documents.read_document import is_simple
from seriatim.text.markup import CodeMode, Markup

MAX_PROCESSES = max(1, (os.cpu_count() or 1) // 2)  #: half of the cores are left to listeners
NAME = "the file"  #: in messages: the client knows its name, and the name could be anything


class DocumentReader:
    """Reads documents for one event loop."""

    def __init__(self, settings: Settings) -> None:
        self._settings, self._limits = settings, DocumentLimits.of(settings)
        self._turns = asyncio.Semaphore(MAX_PROCESSES)

    async def read(
        self, raw: bytes, markup: Markup, code: CodeMode = CodeMode.READ, *, with_cover: bool = False
    ) -> Document:
        """Read the bytes of an uploaded file; `code`: what is said of its blocks of code. No cover unless `with_cover`.

        Raises:
            BadInput: it is no document, or takes too much time or memory.
            TextTooLarge: it is too large, or has too much text.
            Misconfigured: its format needs a package that the gateway lacks.
        """
        self._limits.check_file(len(raw), NAME)
        if await asyncio.to_thread(is_simple, raw):
            return await asyncio.to_thread(read_document, raw, NAME, self._limits, markup)
        async with self._turns:
            return await self._read_in_process(raw, markup, code, with_cover=with_cover)

    async def _read_in_process(self, raw: bytes, markup: Markup, code: CodeMode, *, with_cover: bool) -> Document:
        timeout_s = self._settings.document_timeout_s
        request = encode_request(
            raw, NAME, self._limits, markup, code,
            memory_bytes=self._settings.document_memory_bytes, cpu_s=max(1, round(timeout_s)), with_cover=with_cover,
        )  # fmt: skip
        process = await asyncio.create_subprocess_exec(
            *python_command(MODULE), stdin=PIPE, stdout=PIPE, stderr=DEVNULL,
            env=other_variables(os.environ),  # none of the gateway's secrets
        )  # fmt: skip
        try:
            async with asyncio.timeout(timeout_s):
                reply, _ = await process.communicate(request)
        except TimeoutError:
            raise BadInput(f"{NAME} takes longer than {timeout_s:g} s to read (SERIATIM_DOCUMENT_TIMEOUT_S)") from None
        finally:
            if process.returncode is None:
                with contextlib.suppress(ProcessLookupError):
                    process.kill()
                await process.wait()
        return await asyncio.to_thread(decode_reply, reply, NAME)
