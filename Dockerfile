# The image holds Node and dist/, nothing else: no packages, no compiler, no simulator.
ARG NODE_VERSION=24

FROM node:${NODE_VERSION}-slim AS build
WORKDIR /build
# Before the sources, so that an edit of these does not install everything again. Install scripts
# fetch a Node and a Postgres that the image has no use for.
COPY package.json package-lock.json .npmrc ./
RUN npm ci --ignore-scripts
COPY . .
RUN npm exec -- prisma generate && npm run build

FROM node:${NODE_VERSION}-slim
ENV NODE_ENV=production HOST=0.0.0.0
WORKDIR /consentry
# Owned by root: the program cannot change itself.
COPY --from=build /build/dist/ ./
# The image's own user `node`; by number, since orchestrators check that it is not root by that.
USER 1000:1000
EXPOSE 4000
STOPSIGNAL SIGTERM
# The time limit is longer than /readyz itself takes to give up on a database.
HEALTHCHECK --interval=10s --timeout=5s --start-period=30s --retries=3 \
  CMD ["node", "-e", "fetch('http://127.0.0.1:' + (process.env.PORT ?? 4000) + '/readyz').then((answer) => process.exit(answer.ok ? 0 : 1), () => process.exit(1))"]
# Without a shell in between, which would keep SIGTERM to itself.
CMD ["node", "consentry.mjs"]
