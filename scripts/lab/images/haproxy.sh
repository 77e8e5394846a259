#!/bin/sh
# As the official image: flags alone mean HAProxy, and it runs with a master that reloads.
set -e
if [ "${1#-}" != "$1" ]; then set -- haproxy "$@"; fi
if [ "$1" = haproxy ]; then
  shift
  set -- haproxy -W -db "$@"
fi
exec "$@"
