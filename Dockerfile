# The project's own processes in one small image: `docker build -t ebbwatch:local .`

FROM python:3.11.14-slim-bookworm AS build
ENV PIP_NO_CACHE_DIR=1 PIP_DISABLE_PIP_VERSION_CHECK=1
RUN python -m venv /opt/ebbwatch
COPY requirements/run.txt /build/requirements/run.txt
RUN /opt/ebbwatch/bin/pip install --require-hashes -r /build/requirements/run.txt
WORKDIR /build
COPY . .
# tests of libraries are 68 MiB of 1.1 GiB, and pip is of no use to who may not write
RUN /opt/ebbwatch/bin/pip install --no-deps . \
 && /opt/ebbwatch/bin/pip uninstall --yes pip setuptools \
 && find /opt/ebbwatch -type d \( -name tests -o -name __pycache__ \) -prune -exec rm -rf {} +

FROM python:3.11.14-slim-bookworm
RUN useradd --uid 10001 --create-home --home-dir /home/ebbwatch ebbwatch \
 && install -d -o ebbwatch -g ebbwatch -m 700 /var/lib/ebbwatch
COPY --from=build /opt/ebbwatch /opt/ebbwatch
# compiled loops are kept with the rest of the state, since the image is read-only and compiling takes a minute
ENV PATH=/opt/ebbwatch/bin:$PATH PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 \
    XDG_CACHE_HOME=/var/lib/ebbwatch/cache EBBWATCH_HOME=/tmp/ebbwatch
USER 10001:10001
WORKDIR /home/ebbwatch
ENTRYPOINT ["ebbwatch"]
CMD ["--help"]
