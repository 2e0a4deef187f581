"""Messages are JSON and name an attempt, nothing else: a forged one does nothing, whatever is in it.

Each is put into the queue as its raw bytes, as any program that reaches the broker could.
"""

import base64
import json
import os
import pickle
import re
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from seriatim.celery_app import TASK
from seriatim.client.job import Job
from seriatim.client.job_options import JobRequest
from seriatim.errors import BadInput
from seriatim.keys import job_prefix, pool_prefix, queue
from seriatim.text.dialogue.cast_file import read_cast_file
from tests.support.expected_audio import Listener, sentences, stream_of
from tests.support.process_system import ROOT, RealSystem, wait_until
from tests.support.thorough_cases import mostly_thorough


@pytest.fixture(scope="module")
def system(new_system: Callable[..., RealSystem]) -> RealSystem:
    system = new_system(lease_ms=60_000, message_timeout_ms=60_000)  # what moves, a message has moved
    system.reassembler()
    system.workers(1, slots=2)
    system.workers(1, name="other", pool="other")
    return system


FOLLOWS = "This one follows what was forged."


class Harmful:
    """Unpickled, it would leave a trace."""

    def __init__(self, trace: Path) -> None:
        self.trace = trace

    def __reduce__(self) -> tuple[Any, ...]:
        return os.mkdir, (str(self.trace),)


def message(
    body: bytes, kind: str = "application/json", encoding: str = "utf-8", task: object = TASK, **headers: object
) -> bytes:
    """A message as kombu writes it."""
    task_id = str(uuid.uuid4())
    return json.dumps(
        {
            "body": base64.b64encode(body).decode(),
            "content-encoding": encoding,
            "content-type": kind,
            "headers": {"lang": "py", "task": task, "id": task_id, "root_id": task_id, "argsrepr": "()"} | headers,
            "properties": {
                "correlation_id": task_id, "delivery_mode": 2, "priority": 0, "body_encoding": "base64",
                "delivery_tag": task_id, "delivery_info": {"exchange": "", "routing_key": "seriatim.tone"},
            },
        }
    ).encode()  # fmt: skip


def called(*args: object, **more: object) -> bytes:
    """The body of a task's call."""
    embed = {"callbacks": None, "errbacks": None, "chain": None, "chord": None} | more
    return json.dumps([args, {}, embed]).encode()


def signature(task: str, *args: object) -> dict[str, object]:
    """A call that a message asks for after its own."""
    options = {"queue": queue("tone"), "task_id": str(uuid.uuid4())}
    return {"task": task, "args": args, "kwargs": {}, "options": options, "subtask_type": None, "immutable": True}


def put(system: RealSystem, *raw: bytes) -> None:
    """Put messages into the queue, and wait until they were taken out of it and settled.

    The one consumer takes them in their order, and between the queue and `unacked` a message is in neither. So a job
    follows them: once it is spoken, all that came before it was taken.
    """
    with system.redis as client:
        client.lpush(queue("tone"), *raw)
        job = system.producer().enqueue([FOLLOWS], JobRequest.of({"engine": "tone"}))
        assert Listener(job).pcm() == stream_of([FOLLOWS])
        wait_until(lambda: client.llen(queue("tone")) == 0, "the queue is empty")
        wait_until(lambda: client.hlen("unacked") == 0, "every message is settled")


def state(system: RealSystem, job: Job) -> dict[bytes, Any]:
    """All that the pool knows of the job and its sentences, and of steps and sentences of any job that are not over."""
    with system.redis as client:
        names = [f"{pool_prefix('tone')}:{kind}:{job.id}".encode() for kind in ("j", "js", "jt", "jr")]
        names += [f"{pool_prefix('tone')}:{kind}".encode() for kind in ("lease", "outbox", "todo", "dead")]
        return {name: client.dump(name) for name in names}


def at_its_window(system: RealSystem, job: Job) -> bool:
    """Is all spoken and emitted that the job's window holds, and nothing on its way?"""
    prefix = pool_prefix("tone")
    with system.redis as client:
        pipe = client.pipeline()
        pipe.hmget(f"{prefix}:j:{job.id}", ["dispatched", "acked", "window", "next"])
        for name in ("lease", "outbox", "todo"):
            pipe.zcard(f"{prefix}:{name}")
        (dispatched, acked, window, following), *on_their_way = pipe.execute()
    full = float(dispatched or 0) - float(acked or 0) >= float(window or 1)
    return full and not any(on_their_way) and job.status().emitted == int(following)


@pytest.fixture
def unmoved(system: RealSystem) -> Iterator[Job]:
    """A job that waits for its reader: afterwards it is as it was, the workers are the same, and all goes on."""
    text = sentences(10, "unmoved")
    request = JobRequest.of({"engine": "tone", "window_ms": 4_000, "reader_grace_s": 600})
    job = system.producer().enqueue(text, request)
    wait_until(lambda: at_its_window(system, job), "it waits at its window")
    before, workers = state(system, job), system.worker_pids()
    yield job
    wait_until(lambda: state(system, job) == before, "the job is as it was, and the steps of others are over")
    assert system.worker_pids() == workers, "no process fell over"
    assert Listener(job).pcm() == stream_of(text)


def attempts(system: RealSystem, job: Job) -> int:
    """An attempt of the job that was due once."""
    with system.redis as client:
        return int(client.hget(f"{pool_prefix('tone')}:m", "fence") or 0)


@pytest.mark.parametrize("kind", ["application/x-python-serialize", "application/x-yaml", "application/x-msgpack"])
def test_what_is_not_json_is_never_read(system: RealSystem, unmoved: Job, tmp_path: Path, kind: str) -> None:
    trace = tmp_path / "was here"
    bodies = {
        "application/x-python-serialize": pickle.dumps([(Harmful(trace),), {}, {}]),
        "application/x-yaml": f"!!python/object/apply:os.mkdir ['{trace}']".encode(),
        "application/x-msgpack": b"\x93\x93\xa1a\x00\x01\x80\x80",
    }
    put(system, message(bodies[kind], kind, "binary"), message(bodies[kind], kind, "utf-8"))
    assert not trace.exists()


def test_a_message_that_lies_about_its_type_runs_nothing(system: RealSystem, unmoved: Job, tmp_path: Path) -> None:
    trace = tmp_path / "was here"
    harmful = pickle.dumps([(Harmful(trace),), {}, {}])
    put(system, message(harmful), message(harmful, "text/plain"), message(harmful, "application/data", "binary"))
    assert not trace.exists()


def test_a_call_of_what_is_not_due_does_nothing(system: RealSystem, unmoved: Job) -> None:
    job, attempt = unmoved.id, attempts(system, unmoved)
    calls = [
        called("0" * 32, 0, 1), called(job, 0, attempt), called(job, 0, 2**53 - 1), called(job, 99_999, 1),
        called(job, 9, attempt + 1), called(job, 1, 0),
    ]  # fmt: skip
    put(system, *(message(call) for call in calls), *(message(call) for call in calls))


def test_a_call_of_another_pools_job_does_nothing(system: RealSystem, unmoved: Job) -> None:
    request = JobRequest.of({"engine": "tone", "pool": "other", "window_ms": 1_000})
    theirs = system.producer().enqueue(sentences(3, "of another pool"), request)
    put(system, *(message(called(theirs.id, seq, attempt)) for seq in range(3) for attempt in (0, 1, 2**40)))
    assert Listener(theirs).pcm() == stream_of(sentences(3, "of another pool"))


def test_garbage_in_place_of_ids_does_nothing(system: RealSystem, unmoved: Job) -> None:
    bad: list[tuple[object, ...]] = [
        (), (1, 2, 3), (None, None, None), ("a|b", 0, 1), (unmoved.id, "0", "1"), (unmoved.id, 0.5, 1),
        (unmoved.id, -1, 1), (unmoved.id, 0, 2**70), (unmoved.id, True, True), ({"$": 1}, [], {}), ("é" * 20, 0, 1),
        (unmoved.id + "\n", 0, 1), ("x" * 1_000_000, 0, 1), (unmoved.id, 0), (unmoved.id, 0, 1, 2), ([[]], [[]], [[]]),
    ]  # fmt: skip
    put(system, *(message(called(*args)) for args in bad))
    put(
        system,
        message(b"[]"),
        message(b"{"),
        message(b"null"),
        message(b"[[],{}]"),
        message(b'"\\ud800"'),
        message(b"\xff\xfe"),
    )


def test_a_huge_message_does_nothing(system: RealSystem, unmoved: Job) -> None:
    put(system, message(called("0" * 32, 0, 1, "x" * 20_000_000)), message(b"[" * 100_000))


@pytest.mark.parametrize(
    "task", mostly_thorough(["celery.chain", "celery.map", "celery.chord_unlock", "os.system", "", None, 5, ["x"]], 4)
)
def test_a_task_of_another_name_is_unknown(system: RealSystem, unmoved: Job, task: object) -> None:
    put(system, message(called(signature(TASK, unmoved.id, 0, 1), [["id"]]), task=task))


def test_what_a_message_asks_for_after_itself_is_no_more_than_another_message(system: RealSystem, unmoved: Job) -> None:
    follow = [signature(TASK, "0" * 32, 0, 1), signature("celery.map", signature(TASK), [[unmoved.id, 0, 1]])]
    put(system, *(message(called("0" * 32, 0, 1, **{key: follow})) for key in ("callbacks", "errbacks", "chain")))
    put(system, message(called("0" * 32, 0, 1), reply_to="seriatim.tone", ignore_result=False))


@pytest.mark.parametrize(
    "raw",
    mostly_thorough(
    [b"", b"garbage", b"{}", b"[]", b"null", b"5", b'{"body": 5}', b"\xff\xfe\x00", b'{"properties": {}}',
     b'{"body": "x", "properties": {"delivery_tag": "t", "delivery_info": {}}, "headers": 5}', b'{"a":' * 5_000], 4),
)  # fmt: skip
def test_what_is_no_message_at_all_does_not_stop_the_workers(system: RealSystem, unmoved: Job, raw: bytes) -> None:
    put(system, raw)


def test_a_forged_notification_is_thrown_away(system: RealSystem, unmoved: Job) -> None:
    """A writer of the notification streams can wake only the processes that are there."""
    forged: list[dict[Any, Any]] = [
        {"x": "1"}, {"j": b"\xff\xfe"}, {"j": "a|b"}, {"j": ""}, {"j": "0" * 32}, {"j": "1" * 32}, {"j": "x" * 100_000},
        {"j": "{p:tone}:m"},
    ]  # fmt: skip
    stream = f"{job_prefix(unmoved.id)}:ntf"
    before = system.children["reassembler"]
    with system.redis as client:
        for fields in forged:
            client.xadd(stream, fields)
        wait_until(lambda: client.xlen(stream) == 0, "they are gone")
    assert before.poll() is None


def test_no_module_of_ours_reads_objects_from_bytes() -> None:
    """A model's checkpoint is a file of the operator's, read by torch's restricted unpickler (decision 11).

    A cast may be YAML: read as plain values, which `yaml.safe_load` is for.
    """
    plain_yaml = "seriatim/text/dialogue/cast_file.py"
    checkpoint = "workers/engines/xtts/model/checkpoint.py"
    words = ("pickle", "marshal", "shelve", "dill", "yaml")
    found = {
        str(path.relative_to(ROOT))
        for folder in ("seriatim", "tasks", "workers", "reassembler", "gateway")
        for path in sorted((ROOT / folder).rglob("*.py"))
        for line in path.read_text("utf-8").splitlines()
        if line.strip().startswith(("import ", "from ")) and any(word in line.split()[1].split(".") for word in words)
    }
    assert found <= {plain_yaml, checkpoint}
    assert set(re.findall(r"yaml\.\w*(?:load|Loader)\w*", (ROOT / plain_yaml).read_text("utf-8"))) == {"yaml.safe_load"}


def test_a_cast_in_yaml_cannot_run_a_command(tmp_path: Path) -> None:
    trace = tmp_path / "trace"
    cast = tmp_path / "cast.yaml"
    cast.write_text(f"ANN: !!python/object/apply:os.mkdir ['{trace}']\n")
    with pytest.raises(BadInput, match="is no YAML"):
        read_cast_file(cast)
    assert not trace.exists()
