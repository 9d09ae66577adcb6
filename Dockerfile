# gofire serve as an image:
#   docker build -t gofire . && docker run --env-file slack.env -v gofire:/var/lib/gofire gofire
# Configuration: mount gofire.yaml to /etc/gofire/gofire.yaml. With REDIS_URL the Redis in here is not used.
FROM node:24-bookworm-slim AS build
WORKDIR /gofire
COPY package.json package-lock.json ./
# No package needs its install script to be built from; esbuild ships its binary as a package.
RUN npm ci --ignore-scripts
COPY scripts/build.mjs scripts/code-cache.mjs scripts/
COPY src src
# The build runs the program on it once (docs/decisions/0044-code-cache.md).
COPY lab/captures/go1.26.8/mutex-io lab/captures/go1.26.8/mutex-io
RUN npm run build --silent && npm prune --omit=dev --ignore-scripts

FROM node:24-bookworm-slim
RUN apt-get update \
  && apt-get install -y --no-install-recommends ca-certificates git openssh-client redis-server \
  && rm -rf /var/lib/apt/lists/* \
  && install -d -o node -g node /var/lib/gofire /etc/gofire
COPY --from=build /gofire/package.json /opt/gofire/
COPY gofire.example.yaml slack-manifest.yaml /opt/gofire/
COPY --from=build /gofire/node_modules /opt/gofire/node_modules
COPY --from=build /gofire/dist /opt/gofire/dist
ENV NODE_ENV=production GOFIRE_STATE=/var/lib/gofire
USER node
WORKDIR /etc/gofire
VOLUME /var/lib/gofire
EXPOSE 8080
HEALTHCHECK --start-period=20s CMD ["node", "-e", "fetch('http://127.0.0.1:8080/healthz').then((answer) => process.exit(answer.ok ? 0 : 1), () => process.exit(1))"]
ENTRYPOINT ["node", "/opt/gofire/dist/cli.js"]
CMD ["serve", "--listen", "0.0.0.0:8080"]
