set dotenv-load
set shell := ["bash", "-euo", "pipefail", "-c"]

export PATH := justfile_directory() / "node_modules/.bin:" + env("PATH")

# List all commands
default:
    @just --list --unsorted

# The whole system on this machine: page, API, Postgres 18, watcher (--port, --data)
[group('develop')]
start *FLAGS:
    npm start -- {{ FLAGS }}

# The API alone on Node, http://localhost:8000
[group('develop')]
start-node:
    npm run start:node

# Send a signed push to the API, as GitHub would (--url, --branch, --commit)
[group('develop')]
push *FLAGS:
    npm run --silent push -- {{ FLAGS }}

# Bundle every adapter into dist/
[group('develop')]
build:
    npm run build

# Write the one format into all files, and what the linter can mend
[group('develop')]
format:
    biome check --write

# Types, lint and format: what CI checks first
[group('prove')]
check:
    npm run check

# All tests, or the files whose path holds one of the words
[group('prove')]
test *WORDS:
    {{ if WORDS == "" { "npm test" } else { "vitest run " + WORDS } }}

# Measure against bare node:http and write docs/bench/<date>.md (needs wrk)
[group('prove')]
bench *FLAGS:
    npm run bench -- {{ FLAGS }}

# Forget the local database, jobs and secrets
[confirm("Delete .data with the local database, jobs and secrets? [y/N]")]
[group('develop')]
reset-local:
    rm -rf .data

stack := "dockerswarmp1"

# The overlay networks of the cluster, with WireGuard's MTU
[group('operate')]
swarm-networks:
    #!/usr/bin/env bash
    set -euo pipefail
    for network in public internal; do
      if docker network inspect "$network" >/dev/null 2>&1; then
        echo "network $network: there"
      else
        docker network create --driver overlay --attachable \
          --opt com.docker.network.driver.mtu=1420 "$network" >/dev/null
        echo "network $network: created"
      fi
    done

# Label a node as the edge: Traefik and Postgres stand on it
[group('operate')]
swarm-label-kvm8 NODE="kvm8":
    docker node update --label-add role=kvm8 {{ quote(NODE) }}

# The Swarm's secrets, from POSTGRES_PASSWORD and GITHUB_WEBHOOK_SECRET; what is there is kept
[group('operate')]
swarm-secrets:
    #!/usr/bin/env bash
    set -euo pipefail
    for name in POSTGRES_PASSWORD GITHUB_WEBHOOK_SECRET; do
      secret=${name,,}
      if docker secret inspect "$secret" >/dev/null 2>&1; then
        echo "secret $secret: there"
      elif [ -z "${!name:-}" ]; then
        echo "Cannot create secret $secret: wanted $name in .env, got none" >&2
        exit 1
      else
        printf '%s' "${!name}" | docker secret create "$secret" - >/dev/null
        echo "secret $secret: created"
      fi
    done

# Deploy swarm/stack.yaml as it stands here, with the images that .env names
[group('operate')]
stack-deploy *FLAGS:
    docker stack deploy --compose-file swarm/stack.yaml --with-registry-auth --detach=true {{ FLAGS }} {{ stack }}

# Remove the stack; networks, secrets and data volumes stay
[confirm("Remove the stack from the cluster? The page goes down. [y/N]")]
[group('operate')]
stack-rm:
    docker stack rm {{ stack }}

# The tasks of the stack, and where they run
[group('operate')]
stack-ps:
    docker stack ps {{ stack }}

# The services of the stack, and how many replicas run
[group('operate')]
stack-services:
    docker stack services {{ stack }}

# The last lines of a service's log: api, frontend, postgres, traefik, socket-proxy
[group('operate')]
stack-logs SERVICE *FLAGS:
    docker service logs --tail 100 {{ FLAGS }} {{ stack }}_{{ SERVICE }}

# The API's containers on this node
[group('operate')]
stack-api-containers:
    docker ps --filter label=com.docker.swarm.service.name={{ stack }}_api

# Run N replicas of a service until the next deploy
[group('operate')]
scale SERVICE N:
    docker service scale --detach=true {{ stack }}_{{ SERVICE }}={{ N }}

# Rehearse the cluster: three nodes on this machine (--install: with the Docker Engine, by apt)
[group('rehearse')]
lab-up *FLAGS:
    node scripts/lab/lab.ts up {{ FLAGS }}

# The lab's hosts and its Swarm
[group('rehearse')]
lab-status:
    node scripts/lab/lab.ts status

# Build the images of this checkout in the lab and deploy the stack there
[group('rehearse')]
lab-deploy:
    node scripts/lab/lab.ts deploy

# A power cut on a node: kvm2, kvm4 or kvm8
[group('rehearse')]
lab-kill NODE:
    node scripts/lab/lab.ts kill {{ NODE }}

# Power is back on a node
[group('rehearse')]
lab-start NODE:
    node scripts/lab/lab.ts start {{ NODE }}

# Run a command on a node, or on client, ghcr, pebble
[group('rehearse')]
lab-exec HOST *COMMAND:
    node scripts/lab/lab.ts exec {{ HOST }} -- {{ COMMAND }}

# Remove the lab (--images: also what it is built of)
[group('rehearse')]
lab-down *FLAGS:
    node scripts/lab/lab.ts down {{ FLAGS }}
