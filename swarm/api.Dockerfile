# The functions on Node: one bundled file, no packages.
ARG NODE_IMAGE=node:24-slim

FROM --platform=$BUILDPLATFORM ${NODE_IMAGE} AS build
WORKDIR /app
COPY package.json package-lock.json ./
# esbuild needs no install script; nothing else here is run.
RUN --mount=type=cache,target=/root/.npm npm ci --ignore-scripts --no-audit --no-fund
COPY tsconfig.json ./
COPY scripts/build.ts scripts/
COPY functions functions
RUN npm run --silent build -- node

FROM ${NODE_IMAGE}
LABEL org.opencontainers.image.title="dockerswarmp1 api" \
      org.opencontainers.image.description="Portable functions on Node" \
      org.opencontainers.image.licenses="MIT"
RUN rm -rf /usr/local/lib/node_modules /usr/local/bin/npm /usr/local/bin/npx /usr/local/bin/corepack
COPY --from=build /app/dist/node.js /app/api.mjs
ENV NODE_ENV=production HOST=0.0.0.0 PORT=8000 DRAIN_SECONDS=5
USER 1011:1011
EXPOSE 8000
HEALTHCHECK --interval=5s --timeout=3s --retries=3 --start-period=15s --start-interval=500ms \
  CMD ["node", "-e", "fetch(`http://127.0.0.1:${process.env.PORT}/health`).then((r) => process.exit(r.ok ? 0 : 1), () => process.exit(1))"]
CMD ["node", "/app/api.mjs"]
