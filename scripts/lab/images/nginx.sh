#!/bin/sh
# As the official image: templates with the environment's values, scripts of one's own, then Nginx.
set -e
if [ "$1" = nginx ]; then
  names=$(env | cut -d= -f1 | sed 's/.*/${&}/' | tr '\n' ' ')
  for file in /etc/nginx/templates/*.template; do
    [ -e "$file" ] || continue
    # shellcheck disable=SC2094 # basename only takes the name
    envsubst "$names" <"$file" >"/etc/nginx/conf.d/$(basename "$file" .template)"
  done
  for file in /docker-entrypoint.d/*.sh; do
    if [ -x "$file" ]; then "$file"; fi
  done
fi
exec "$@"
