# The project's own processes in one small image: `docker build -t ebbwatch:local .`

FROM python:3.11-slim AS build
ENV PIP_NO_CACHE_DIR=1 PIP_DISABLE_PIP_VERSION_CHECK=1
RUN python -m venv /opt/ebbwatch
COPY requirements/run.txt /build/requirements/run.txt
RUN /opt/ebbwatch/bin/pip install --require-hashes -r /build/requirements/run.txt
WORKDIR /build
COPY . .
RUN /opt/ebbwatch/bin/pip install --no-deps . \
 && find /opt/ebbwatch -type d \( -name tests -o -name __pycache__ \) -prune -exec rm -rf {} +

FROM python:3.11-slim
RUN useradd --uid 10001 --create-home --home-dir /home/ebbwatch ebbwatch \
 && install -d -o ebbwatch -g ebbwatch -m 700 /var/lib/ebbwatch
COPY --from=build /opt/ebbwatch /opt/ebbwatch
ENV PATH=/opt/ebbwatch/bin:$PATH PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 \
    NUMBA_CACHE_DIR=/tmp/numba EBBWATCH_HOME=/tmp/ebbwatch
USER ebbwatch
WORKDIR /home/ebbwatch
ENTRYPOINT ["ebbwatch"]
CMD ["--help"]
