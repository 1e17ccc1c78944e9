FROM node:26-slim AS packages
WORKDIR /app
COPY package.json package-lock.json ./
# The optional packages are Node itself, which the image has.
RUN npm ci --omit=dev --omit=optional --ignore-scripts

FROM node:26-slim
ENV NODE_ENV=production
WORKDIR /app
COPY --from=packages /app/node_modules node_modules
COPY package.json ./
COPY schemas schemas
COPY drivers drivers
COPY src src
# The user `node`, by number, so that a cluster can see that it is not root.
USER 1000:1000
# Node strips the types itself; the flags are those of `npm run styrminctl`.
ENTRYPOINT ["node", "--experimental-vm-modules", "--disable-warning=ExperimentalWarning"]
CMD ["src/cli/main.ts", "--help"]
