"""The import shim: the genuine torchaudio is imported, whether or not its compiled parts fit the installed torch."""

import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.thorough

ROOT = Path(__file__).parents[3]
SOUND = """
import torch
samples = torch.sin(torch.arange(24_000) / 40)[None]
mel = torchaudio.transforms.MelSpectrogram(sample_rate=22_050, n_fft=2048, n_mels=80)(samples)
resampled = torchaudio.functional.resample(samples, 24_000, 16_000)
print(tuple(mel.shape), tuple(resampled.shape), torchaudio.__file__.rpartition("/site-packages/")[2])
"""
EXPECTED = "(1, 80, 24) (1, 16000) torchaudio/__init__.py\n"
FITS = "from workers.engines.xtts.model.torchaudio_import import import_torchaudio; torchaudio = import_torchaudio()"
DOES_NOT_FIT = f"""
def refused(*_):
    raise OSError("libc10_cuda.so: cannot open shared object file")
import torch
torch.ops.load_library = refused
{FITS}
import sys
assert torchaudio._extension is sys.modules["torchaudio._extension"]
assert not torchaudio._extension._IS_TORCHAUDIO_EXT_AVAILABLE
"""


@pytest.mark.parametrize("program", [FITS, DOES_NOT_FIT], ids=["as it is installed", "built for another torch"])
def test_what_xtts_uses_of_it_works(program: str) -> None:
    command = [sys.executable, "-W", "error", "-c", program + SOUND]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (0, EXPECTED, "")


def test_half_installed_says_what_to_install() -> None:
    """coqui-tts refuses to be imported without torchcodec, which it then does not use."""
    program = (
        "import sys\n"
        "class Absent:\n"
        "    def find_spec(self, name, path=None, target=None):\n"
        "        if name == 'einops': raise ModuleNotFoundError(f'No module named {name!r}', name=name)\n"
        "        if name == 'TTS': raise ImportError('coqui-tts needs this and that\\nand a long story')\n"
        "sys.meta_path.insert(0, Absent())\n"
        "from workers.engines.xtts.model import torchaudio_import as shim\n"
        "try: shim.xtts_module()\n"
        "except shim.EngineUnavailable as error: print(error)"
    )
    done = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout == "the xtts engine cannot import coqui-tts: coqui-tts needs this and that; make xtts\n"
