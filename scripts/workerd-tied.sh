#!/bin/sh
# Stands in workerd's place for Miniflare: workerd, but one that dies with whoever started it.
exec setpriv --pdeathsig KILL -- "$WORKERD_PATH" "$@"
