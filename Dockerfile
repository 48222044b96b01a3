# The node: built on Debian 12, run on its slim image with nothing but the binary, CAF's library, and for
# TLS to Redis OpenSSL and the certificates that Debian trusts.

FROM debian:bookworm-slim AS build
RUN apt-get update \
    && apt-get install -y --no-install-recommends \
        g++ cmake ninja-build libcaf-dev libboost1.81-dev nlohmann-json3-dev libssl-dev \
    && rm -rf /var/lib/apt/lists/*
WORKDIR /src
COPY . .
RUN cmake --preset release -DROOMCAST_TESTS=OFF \
    && ninja -C build/release roomcast \
    && strip build/release/roomcast

FROM debian:bookworm-slim
RUN apt-get update \
    && apt-get install -y --no-install-recommends libcaf-core0.17 libssl3 ca-certificates \
    && rm -rf /var/lib/apt/lists/* /var/cache/apt/* \
    && useradd --uid 10001 --user-group --no-create-home --home-dir / --shell /usr/sbin/nologin roomcast
COPY --from=build /src/build/release/roomcast /usr/local/bin/roomcast
COPY deploy/healthcheck /usr/local/bin/roomcast-healthcheck
USER roomcast
WORKDIR /
EXPOSE 8080
# A drain: clients are told to come back elsewhere, then exit 0. Give it more time than server.drain-time (30 s).
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=5s --timeout=3s --start-period=10s --retries=3 CMD ["roomcast-healthcheck"]
ENTRYPOINT ["roomcast"]
CMD ["serve"]
