"""The webhook of a book: a signed message when it is done or has failed, which reassemblers send as those of jobs.

It is noted in Redis before the book's folder says that nothing is left to do, under the token of that: a gateway that
is killed in between has the next one note it again, with the same id.
"""

import json

from redis import Redis

from gateway.http.books.book_folder import BookFolder, BookOutcome
from gateway.http.books.chapter_facts import chapter_facts
from seriatim.lua.script_calls import run
from seriatim.webhooks.webhook_delivery import note
from seriatim.webhooks.webhook_message import MAX_REASON_CHARS
from seriatim.webhooks.webhook_target import WebhookTarget

MOST_TITLE_CHARS = 200  #: of the message, which stays small


def note_book_webhook(redis: "Redis", book: BookFolder, outcome: BookOutcome) -> None:
    """Note that a book has ended, if its client wants to know.

    Raises:
        FileNotFoundError: the book is removed.
        Unavailable: Redis does not answer.
    """
    order = book.order()
    if not order.webhook:
        return
    plan, project = book.plan().plan.with_corrections(book.project.read_corrections()), book.project
    facts = [found for chapter in plan.chapters if (found := chapter_facts(project, chapter.key))]
    data = {
        "book": book.id, "state": outcome.state, "reason": outcome.reason[:MAX_REASON_CHARS], "user": order.user,
        "title": plan.title[:MOST_TITLE_CHARS], "chapters": len(facts), "gaps": sum(len(one.gaps) for one in facts),
        "audio_ms": round(1000 * sum(one.audio_s for one in facts)),
    }  # fmt: skip
    target = WebhookTarget.of(order.webhook, order.user)
    call = note(outcome.token, target, "book", (outcome.state, outcome.reason[:MAX_REASON_CHARS]), json.dumps(data))
    run(redis, call)
