#!/bin/sh
# Nginx closes its socket at the moment it is asked to stop, while the load balancer still sends: it
# goes on for DRAIN_SECONDS first.
set -u
nginx -g 'daemon off;' &
nginx=$!
trap 'sleep "${DRAIN_SECONDS:-5}"; kill -QUIT "$nginx"' TERM INT QUIT
wait "$nginx" # ends early when the trap has run
wait "$nginx"
