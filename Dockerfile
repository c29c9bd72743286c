# docker build -t apus .
# docker run -p 5000:5000 -v apus:/data apus

FROM swift:6.3-bookworm AS build
RUN apt-get update \
    && apt-get install -y --no-install-recommends \
        binutils ca-certificates git libpq5 libsqlite3-dev libssl3 libstdc++-12-dev make pkg-config python3 zlib1g-dev \
    && rm -rf /var/lib/apt/lists/*
WORKDIR /src
COPY . .
# The same recipe as the archive for notebooks, which needs nothing but the C library; then the files of the image.
RUN make dist && Scripts/image-root .build/dist/package/apus-*/apus /image 45000000

# No shell and no package manager: what there is to run is apus.
FROM scratch
COPY --from=build /image /
COPY --from=build --chown=10001:10001 /image/data /data

USER 10001:10001
WORKDIR /data
VOLUME /data
ENV PATH=/usr/local/bin
ENV APUS_DATA_DIR=/data
# The platform may set PORT; MLFLOW_PORT or --port win over it. A tcp://… is no port: Kubernetes made it for a Service.
ENV PORT=5000
EXPOSE 5000

# Asks the server of the data folder, at whatever port it has and also over https.
HEALTHCHECK --interval=30s --timeout=3s --start-period=5s --retries=3 \
    CMD ["/usr/local/bin/apus", "doctor", "--health", "--data-dir", "/data", "--timeout", "2"]

# Only requests that name localhost or a private address as their Host are answered; for others, set
# MLFLOW_SERVER_ALLOWED_HOSTS (in a compose network: -e MLFLOW_SERVER_ALLOWED_HOSTS=apus,localhost).
ENTRYPOINT ["/usr/local/bin/apus"]
CMD ["server", "--host", "0.0.0.0"]
