# docker build -t apus .
# docker run -p 5000:5000 -v apus:/data apus

FROM swift:6.3-bookworm AS build
RUN apt-get update \
    && apt-get install -y --no-install-recommends \
        binutils ca-certificates git libsqlite3-dev libstdc++-12-dev make pkg-config zlib1g-dev \
    && rm -rf /var/lib/apt/lists/*
WORKDIR /src
COPY . .
# The same recipe as the archive for notebooks: the binary then needs no package in the final image.
RUN make dist && mkdir /package && tar -C /package --strip-components=1 -xzf dist/apus-*.tar.gz

FROM debian:bookworm-slim
RUN useradd --system --uid 10001 --user-group --home-dir /data --shell /usr/sbin/nologin apus \
    && install -d -o apus -g apus /data
COPY --from=build /package/apus /usr/local/bin/apus

USER apus
WORKDIR /data
VOLUME /data
ENV APUS_DATA_DIR=/data
# The platform may set PORT; MLFLOW_PORT or --port win over it. A tcp://… is no port: Kubernetes made it for a Service.
ENV PORT=5000
EXPOSE 5000

# /health needs no Host that is allowed. The image has no curl; Debian's bash opens sockets itself.
HEALTHCHECK --interval=30s --timeout=3s --start-period=5s --retries=3 \
    CMD ["/bin/bash", "-c", "port=${MLFLOW_PORT:-$PORT}; [[ $port != *://* ]] || port=$PORT; [[ $port != *://* ]] || port=5000; exec 3<>/dev/tcp/127.0.0.1/$port && printf 'GET /health HTTP/1.1\\r\\nHost: localhost\\r\\nConnection: close\\r\\n\\r\\n' >&3 && read -r -t 2 _ status _ <&3 && [ \"$status\" = 200 ]"]

# Only requests that name localhost or a private address as their Host are answered; for others, set
# MLFLOW_SERVER_ALLOWED_HOSTS (in a compose network: -e MLFLOW_SERVER_ALLOWED_HOSTS=apus,localhost).
ENTRYPOINT ["/usr/local/bin/apus"]
CMD ["server", "--host", "0.0.0.0"]
