# syntax=docker/dockerfile:1
# Two images: `base` (everything but XTTS-v2, no torch) and `xtts`. docker-compose.yml says which service runs which.
#
#   docker build -t seriatim .                        about 0.5 GB
#   docker build -t seriatim-xtts --target xtts .     torch from PyPI, which brings CUDA; without a GPU:
#                                                     --build-arg TORCH_INDEX=<the index of PyTorch's CPU builds>
ARG PYTHON=3.11-slim-bookworm

FROM python:${PYTHON} AS build
ENV PIP_DISABLE_PIP_VERSION_CHECK=1
WORKDIR /src
RUN python -m venv /opt/seriatim
COPY pyproject.toml constraints.txt README.md LICENSE ./
# What we stand on, with empty packages in place of ours, which go again: layers that only a change of versions makes anew.
# Our own code lies in a folder of its own, so that an edit makes a layer of some hundred kB.
RUN --mount=type=cache,target=/root/.cache/pip \
    for package in seriatim tasks workers reassembler gateway; do mkdir "$package" && touch "$package/__init__.py"; done && \
    /opt/seriatim/bin/pip install -c constraints.txt '.[espeak,hibari,piper,documents,lexicon,language,emoji,http,flower,otel,providers,s3]' && \
    /opt/seriatim/bin/pip uninstall --yes seriatim && \
    echo /opt/code >"$(/opt/seriatim/bin/python -c 'import sysconfig; print(sysconfig.get_path("purelib"))')/code.pth"

FROM build AS build-xtts
ARG TORCH_INDEX=
RUN --mount=type=cache,target=/root/.cache/pip \
    /opt/seriatim/bin/pip install -c constraints.txt ${TORCH_INDEX:+--extra-index-url "$TORCH_INDEX"} '.[xtts]' && \
    /opt/seriatim/bin/pip uninstall --yes seriatim

FROM build AS code
COPY seriatim seriatim
COPY tasks tasks
COPY workers workers
COPY reassembler reassembler
COPY gateway gateway
COPY clients/js/src clients/js/src
RUN --mount=type=cache,target=/root/.cache/pip \
    /opt/seriatim/bin/pip install --no-deps --target /opt/code .

# Recordings and voices are volumes; Docker gives a new one the owner of the folder that it is put over.
FROM python:${PYTHON} AS runtime
RUN groupadd --gid 10001 seriatim && \
    useradd --uid 10001 --gid 10001 --home-dir /var/lib/seriatim --create-home --shell /usr/sbin/nologin seriatim && \
    install --directory --owner 10001 --group 10001 /var/lib/seriatim/store /var/lib/seriatim/voices
ENV PATH=/opt/code/bin:/opt/seriatim/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    PYTHONDONTWRITEBYTECODE=1 \
    SERIATIM_STORE_DIR=/var/lib/seriatim/store \
    SERIATIM_VOICE_DIR=/var/lib/seriatim/voices \
    SERIATIM_MODEL_DIR=/models
LABEL org.opencontainers.image.title="Seriatim" \
      org.opencontainers.image.description="Parallel text-to-speech that is heard in order" \
      org.opencontainers.image.licenses="Apache-2.0"
WORKDIR /var/lib/seriatim
USER 10001:10001
# What `serve` listens on, and asks of it; a container that runs something else says its own (docker-compose.yml).
EXPOSE 8000
HEALTHCHECK --interval=30s --timeout=10s --start-period=60s CMD ["seriatim", "healthcheck", "gateway", "--port", "8000"]
ENTRYPOINT ["seriatim"]
CMD ["--help"]

FROM runtime AS xtts
# Caches of libraries that write some: the home directory is not writable where the root file system is read-only.
ENV XDG_CACHE_HOME=/tmp/cache NUMBA_CACHE_DIR=/tmp/cache/numba MPLCONFIGDIR=/tmp/cache/matplotlib
# What NVIDIA's container toolkit is to bring in: CUDA's driver, and nvidia-smi, which says which GPUs there are.
ENV NVIDIA_DRIVER_CAPABILITIES=compute,utility
COPY --from=build-xtts /opt/seriatim /opt/seriatim
COPY --from=code /opt/code /opt/code

FROM runtime AS base
COPY --from=build /opt/seriatim /opt/seriatim
COPY --from=code /opt/code /opt/code
