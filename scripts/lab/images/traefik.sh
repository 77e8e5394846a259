#!/bin/sh
# As the official image: flags or a subcommand alone mean Traefik.
set -e
case "${1:-}" in
  -* | version | healthcheck) set -- traefik "$@" ;;
esac
exec "$@"
