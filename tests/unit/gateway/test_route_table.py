"""The route table: which pool speaks a model for a user, and which server has a job."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.http.recordings.job_owners import JOB_ID
from gateway.http.routing.route_table import MAIN, PoolPlace, RouteTable, job_suffix, read_routes, server_of_job
from seriatim.errors import Misconfigured
from seriatim.settings import Settings

B = '[servers.b]\nredis_url = "redis://b"\n'
BAD = {
    "[servers]\nb = 1": r"\[servers.b\] of .* has an unknown field, or one that is no text; there are: redis_url",
    "[servers.main]\nredis_url = 'redis://b'": "small letters and digits, up to 16, other than 'main'",
    "[servers.B]\nredis_url = 'redis://b'": "expected a name of small letters and digits",
    "[servers.b]": r"\[servers.b\] of .* has no redis_url",
    "[servers.b]\nredis_url = 'http://:cret@b'": r"\[servers.b\] of .*is no Redis URL",
    "[servers.b]\nredis_url = 'redis://b'\nlease_ms = '3'": "has an unknown field",
    "[models]\nx = 'tone'": "model 'x' of .*: expected a list of pools, such as",
    "[models]\nx = []": "expected a list of pools",
    "[models]\nx = ['tone', 'tone']": "expected a list of pools",
    "[models]\nx = ['@b']": "expected a list of pools",
    "[models]\nx = ['tone@b']": r"model 'x' of .*: no server 'b'; add \[servers.b\]",
    "[modles]": "has a table 'modles'; expected servers and models",
    "models = 1": "models is no table",
    "[": "is not TOML in UTF-8",
}


def read(folder: Path, text: str, settings: Settings) -> RouteTable:
    (folder / "routes.toml").write_text(text, "utf-8")
    return read_routes(str(folder / "routes.toml"), settings)


@pytest.mark.parametrize("text", BAD)
def test_what_is_wrong_with_a_table_is_said(tmp_path: Path, text: str) -> None:
    """At the start of the gateway, without a password."""
    with pytest.raises(Misconfigured, match=BAD[text]) as refused:
        read(tmp_path, text, Settings())
    assert "cret" not in str(refused.value)


def test_a_missing_file_is_said() -> None:
    with pytest.raises(Misconfigured, match="cannot read the routes in '/nowhere/routes': No such file"):
        read_routes("/nowhere/routes", Settings())
    assert read_routes("", Settings()) == RouteTable()


def test_a_server_has_its_own_place_and_the_gateways_other_settings(tmp_path: Path) -> None:
    """Its broker, passwords and recordings are not those of `main`."""
    main = Settings(redis_url="redis://a", broker_url="amqp://a", store_dir="/a", lease_ms=9_000)
    found = read(tmp_path, B + "redis_password = 'p/'\n", main).servers["b"]
    assert (found.redis_url, found.broker, found.lease_ms) == ("redis://:p%2F@b", "redis://:p%2F@b", 9_000)
    assert found.store_dir == Settings().store_dir


def test_models_and_pools_of_other_servers_have_places(tmp_path: Path) -> None:
    table = read(tmp_path, B + "[models]\nboth = ['tone', 'tone@b']\nright = ['fox@b']\n", Settings())
    assert table.place("right", "ann") == table.place("fox@b", "") == PoolPlace("fox", "b")
    assert table.place("tone", "ann") is table.place("tone@c", "ann") is None
    assert {str(table.place("both", f"user{number}")) for number in range(50)} == {"tone", "tone@b"}
    assert table.pools_of("b") == frozenset({"tone", "fox"})


PLACES = st.lists(st.from_regex(r"[a-c]{1,3}@[b-d]", fullmatch=True).map(PoolPlace.parse), min_size=2, unique=True)


@given(PLACES, st.text(min_size=1), st.data())
def test_a_removed_pool_moves_its_own_users_alone(places: list[PoolPlace], user: str, data: st.DataObject) -> None:
    gone = data.draw(st.sampled_from(places))
    before = RouteTable({}, {"m": tuple(places)}).place("m", user)
    after = RouteTable({}, {"m": tuple(place for place in places if place != gone)}).place("m", user)
    assert after == before or before == gone


@given(st.from_regex(r"[0-9a-f]{32}", fullmatch=True), st.sampled_from([MAIN, "b", "eu1", "x"]))
def test_the_id_of_a_job_names_its_server(number: str, server: str) -> None:
    job = number + job_suffix(server)
    assert server_of_job(job) == server
    assert JOB_ID.fullmatch(job)
    assert server_of_job(number[1:]) == server_of_job(f"{job}?") == MAIN
