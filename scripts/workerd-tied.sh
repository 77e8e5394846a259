#!/bin/sh
# Stands in workerd's place for Miniflare: workerd, but one that dies with whoever started it, and
# that a terminal's Ctrl-C does not reach before we have let go of it.
exec setsid setpriv --pdeathsig KILL -- "$WORKERD_PATH" "$@"
