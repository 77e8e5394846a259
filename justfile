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
