"""The image, as far as its Dockerfile shows it without being built."""

import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from seriatim.settings import PREFIX, Settings
from tests.deploy.compose_services import DOCKERFILE, ROOT, services, stages

PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))


def hadolint(path: Path) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [Path(sys.executable).parent / "hadolint", "--no-color", "--failure-threshold", "style", path],
        capture_output=True,
        text=True,
        check=False,
    )


def test_hadolint_has_nothing_to_say() -> None:
    done = hadolint(DOCKERFILE)
    assert (done.returncode, done.stdout) == (0, "")


def test_hadolint_says_what_is_wrong(tmp_path: Path) -> None:
    wrong = tmp_path / "Dockerfile"
    wrong.write_text(DOCKERFILE.read_text("utf-8").replace("ARG PYTHON=3.11-slim-bookworm", "ARG PYTHON=latest")
                     + "RUN cd /tmp && sudo pip install x\n", "utf-8")  # fmt: skip
    assert hadolint(wrong).returncode == 1


def test_what_is_copied_is_all_that_the_package_is_made_of_and_nothing_else_gets_in() -> None:
    copied = {word for name, rest in stages()["code"].instructions if name == "COPY" for word in rest.split()[:-1]}
    packages = set(PROJECT["tool"]["hatch"]["build"]["targets"]["wheel"]["packages"])
    files = {"pyproject.toml", "constraints.txt", PROJECT["project"]["readme"], *PROJECT["project"]["license-files"]}
    linked = {
        str(path.resolve().relative_to(ROOT)) for path in (ROOT / "gateway" / "page").iterdir() if path.is_symlink()
    }
    assert copied == packages | files | linked
    rows = [row for row in (ROOT / ".dockerignore").read_text("utf-8").splitlines() if row and not row.startswith("#")]
    assert rows[0] == "*"
    assert {row.removeprefix("!") for row in rows if row.startswith("!")} == copied


@pytest.mark.parametrize("target", ["base", "xtts"])
def test_no_image_runs_as_root_and_the_command_is_ours(target: str) -> None:
    stage = stages()[target]
    assert re.fullmatch(r"[1-9]\d*:[1-9]\d*", stage.last("USER"))
    assert stage.last("ENTRYPOINT") == '["seriatim"]'
    assert "seriatim" in PROJECT["project"]["scripts"]
    known = {f"{PREFIX}{name.upper()}" for name in Settings.__dataclass_fields__}
    assert {name for name in stage.environment() if name.startswith(PREFIX)} <= known


@pytest.mark.parametrize("target", ["build", "build-xtts"])
def test_an_edit_of_ours_installs_nothing_of_others_again(target: str) -> None:
    """Layers of what we stand on are made before our code comes, which is a layer of its own."""
    packages = set(PROJECT["tool"]["hatch"]["build"]["targets"]["wheel"]["packages"])
    copied = {word for name, rest in stages()[target].instructions if name == "COPY" for word in rest.split()}
    assert not copied & packages
    final = "base" if target == "build" else "xtts"
    assert [rest for name, rest in stages()[final].instructions if name == "COPY"] == [
        f"--from={target} /opt/seriatim /opt/seriatim",
        "--from=code /opt/code /opt/code",
    ]


@pytest.mark.parametrize("target", ["base", "xtts"])
def test_an_image_says_what_it_is_and_how_it_fares(target: str) -> None:
    stage = stages()[target]
    assert stage.last("HEALTHCHECK").endswith('CMD ["seriatim", "healthcheck", "gateway", "--port", "8000"]')
    assert stage.last("EXPOSE") == "8000"
    assert f'licenses="{PROJECT["project"]["license"]}"' in stage.last("LABEL")


def test_the_small_image_has_no_torch() -> None:
    built = " ".join(rest for _, rest in stages()["base"].instructions if "COPY" not in rest)
    assert "build-xtts" not in built
    installed = " ".join(rest for name, rest in stages()["build"].instructions if name == "RUN")
    extras = re.findall(r"'\.\[([\w,]+)\]'", installed)
    assert extras == ["espeak,hibari,piper,documents,lexicon,language,emoji,http,flower,otel,providers,s3"]
    assert set(extras[0].split(",")) <= set(PROJECT["project"]["optional-dependencies"])
    requirements = [PROJECT["project"]["dependencies"]]
    requirements += [PROJECT["project"]["optional-dependencies"][extra] for extra in extras[0].split(",")]
    assert not [name for names in requirements for name in names if "torch" in name or "coqui" in name]


def test_images_have_what_their_processes_may_be_asked_for() -> None:
    """Traces by a setting, in both; what a GPU tells, which the extra xtts brings."""
    installed = {
        name: " ".join(rest for word, rest in stages()[name].instructions if word == "RUN")
        for name in ("build", "build-xtts")
    }
    extras = {name: set(",".join(re.findall(r"'\.\[([\w,]+)\]'", text)).split(",")) for name, text in installed.items()}
    assert "otel" in extras["build"]
    assert {"otel", "xtts"} <= extras["build-xtts"]
    assert any("nvidia-ml-py" in requirement for requirement in PROJECT["project"]["optional-dependencies"]["xtts"])
    assert extras["build-xtts"] <= set(PROJECT["project"]["optional-dependencies"])


def test_services_run_a_stage_that_there_is_and_folders_that_they_may_write() -> None:
    made = " ".join(rest for name, rest in stages()["runtime"].instructions if name == "RUN")
    for service in services().values():
        if service.ours:
            stage = stages()[service.target]
            volumes = {path for path, source in service.mounts.items() if not source.startswith(".")}
            assert all(path in made for path in volumes), "a new volume has the owner of the folder under it"
            assert volumes <= set(stage.environment().values())
