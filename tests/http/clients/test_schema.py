"""The OpenAPI document, and schemathesis, which asks for whatever it allows and for what it does not."""

import copy
from typing import Any

import httpx2
import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis.errors import Unsatisfiable
from schemathesis import GenerationMode
from schemathesis.specs.openapi.checks import ignored_auth, positive_data_acceptance, unsupported_method

from tests.http.gateways import Gateway
from tests.support.process_system import PATIENCE_S, wait_until

EXAMPLES = min(8, settings().max_examples // 4)  #: of each operation: a first look at each, 3 in `make test`
#: events and probes of a job that runs wait for it; a text that is allowed may still have nothing to say
UNFIT = [positive_data_acceptance, ignored_auth, unsupported_method]


@pytest.fixture(scope="module")
def document(gateway: Gateway) -> dict[str, Any]:
    with gateway.client() as client:
        found: dict[str, Any] = client.get("/openapi.json").json()
    return found


def test_every_route_says_what_it_answers(document: dict[str, Any]) -> None:
    for path, operations in document["paths"].items():
        for method, operation in operations.items():
            assert operation.get("description"), (method, path)
            assert "422" not in operation["responses"], (method, path)
            if path.startswith("/v1/"):
                assert "401" in operation["responses"], (method, path)
                assert operation["security"], (method, path)


@pytest.mark.parametrize("mode", list(GenerationMode))
@pytest.mark.thorough
def test_whatever_is_asked_is_answered_as_the_document_says(
    gateway: Gateway, document: dict[str, Any], mode: GenerationMode
) -> None:
    """The gateway has no keys, so that nothing is wrong with a request that has none."""
    answered: dict[str, set[int]] = {}
    for found in schemathesis.openapi.from_dict(
        without_keys(narrowed(gateway, document) if mode.is_positive else document)
    ).get_all_operations():
        operation = found.ok()  # type: ignore[union-attr]  # schemathesis raises what is no operation
        ask(gateway, operation, operation.as_strategy(generation_mode=mode), answered)
    assert set.union(*answered.values()) >= ({200, 202, 404} if mode.is_positive else {400, 404})


def narrowed(gateway: Gateway, document: dict[str, Any]) -> dict[str, Any]:
    """The document with names that are there, so that most of what it allows can be done."""
    with gateway.client() as client:
        job = client.post("/v1/jobs", json={"input": "Good morning."}).json()["id"]
        wait_until(lambda: client.get(f"/v1/jobs/{job}/captions?format=json").json()["whole"])
    known = {"model": ["", "tone", "tts-1"], "voice": ["", "alloy"], "input": ["Good morning."], "options": [None]}
    known |= {"language": ["en"], "drain": ["store"], "job_id": [job, "0" * 32], "after": ["", "1-0"]}
    known |= {"last-event-id": ["", "1-0"], "book_id": ["0" * 32], "layout": ["book"], "format": ["m4b"]}
    narrow = copy.deepcopy(document)
    for body in ("SpeechBody", "NewJobBody", "SentenceBody", "BookBody"):
        schema = narrow["components"]["schemas"][body]
        for name in known.keys() & schema.get("properties", {}).keys():
            schema["properties"][name] = {"enum": known[name]}
    job_body = narrow["components"]["schemas"]["NewJobBody"]
    del job_body["properties"]["sentences"]  # which is instead of an input
    job_body["required"] = ["input"]
    del narrow["paths"]["/v1/jobs"]["post"]["requestBody"]["content"][
        "multipart/form-data"
    ]  # tests/http/jobs/test_jobs.py
    for operations in narrow["paths"].values():
        for operation in operations.values():
            for parameter in operation.get("parameters", ()):
                if parameter["name"] in known:
                    parameter["schema"] = {"enum": known[parameter["name"]]}
    return narrow


def without_keys(document: dict[str, Any]) -> dict[str, Any]:
    opened = copy.deepcopy(document)
    for operations in opened["paths"].values():
        for operation in operations.values():
            operation.pop("security", None)
    return opened


def ask(gateway: Gateway, operation: Any, strategy: Any, answered: dict[str, set[int]]) -> None:
    """Send some of what a strategy makes, and have each answer checked."""

    @given(case=strategy)
    @settings(
        max_examples=EXAMPLES, deadline=None, phases=[Phase.explicit, Phase.generate], database=None,
        suppress_health_check=list(HealthCheck),
    )  # fmt: skip
    def check_case(case: Any) -> None:
        response = case.call(base_url=gateway.url, timeout=PATIENCE_S)
        case.validate_response(response, excluded_checks=UNFIT)
        assert response.status_code not in (500, 501, 502), response.text
        answered.setdefault(operation.label, set()).add(response.status_code)

    try:
        check_case()
    except Unsatisfiable:
        answered.setdefault(operation.label, set())  # nothing that it takes can be wrong


def test_the_document_loads_nothing_from_other_hosts(gateway: Gateway) -> None:
    with httpx2.Client(trust_env=False) as client:
        for path in ("/docs", "/redoc"):
            assert client.get(gateway.url + path).status_code == 404
