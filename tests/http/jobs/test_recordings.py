"""Recordings go when their owner says so."""

import httpx2
import pytest

from seriatim import recording_store
from tests.http.gateways import clear
from tests.support.process_system import RealSystem, wait_until


def accepted(client: httpx2.Client, text: str) -> str:
    job: str = client.post("/v1/jobs", json={"input": text}).json()["id"]
    return job


def whole(client: httpx2.Client, job: str) -> None:
    wait_until(lambda: client.get(f"/v1/jobs/{job}/captions?format=json").json()["whole"], "it is recorded")


def test_what_its_owner_removes_is_gone(client: httpx2.Client, system: RealSystem) -> None:
    job = accepted(client, " ".join(clear(2)))
    whole(client, job)
    client.get(f"/v1/jobs/{job}/audio?format=flac")  # encoded once, and kept beside the recording
    place = recording_store.folder(system.folder / "store", job)
    assert place.is_dir()
    assert client.delete(f"/v1/jobs/{job}/audio").status_code == 204
    assert not place.exists()
    assert not list(place.parent.glob(f".{job}*"))
    assert job not in [card["id"] for card in client.get("/v1/jobs").json()["data"]]
    for path in ("audio", "audio?format=flac"):
        assert client.get(f"/v1/jobs/{job}/{path}").status_code in (404, 410), path
    assert "sings" not in client.get(f"/v1/jobs/{job}/captions").text
    assert client.delete(f"/v1/jobs/{job}/audio").status_code == 404


def test_what_is_being_spoken_must_be_ended_first(client: httpx2.Client, system: RealSystem) -> None:
    job = accepted(client, " ".join(system.held(clear(4))))
    refused = client.delete(f"/v1/jobs/{job}/audio")
    assert (refused.status_code, refused.json()["error"]["code"]) == (409, "job_running")
    client.delete(f"/v1/jobs/{job}")
    wait_until(lambda: client.delete(f"/v1/jobs/{job}/audio").status_code in (204, 404), "it ended, and was recorded")


@pytest.mark.parametrize("job", ["0" * 32, "nonsense"])
def test_an_unknown_recording_cannot_be_removed(client: httpx2.Client, job: str) -> None:
    assert client.delete(f"/v1/jobs/{job}/audio").status_code == 404
