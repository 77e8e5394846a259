#!/bin/bash
# The official entrypoint in short: drop root, make the cluster once, then become the server.
set -euo pipefail

# value NAME: $NAME, or what stands in the file $NAME_FILE
value() {
  local file="${1}_FILE"
  if [ -n "${!file:-}" ]; then cat "${!file}"; else printf '%s' "${!1:-}"; fi
}

[ "${1:0:1}" = '-' ] && set -- postgres "$@"
[ "$1" = postgres ] || exec "$@"

if [ "$(id -u)" = 0 ]; then
  install -d -o postgres -g postgres "$PGDATA"
  chown -R postgres:postgres "$(dirname "$PGDATA")" /var/run/postgresql
  exec setpriv --reuid postgres --regid postgres --init-groups "$0" "$@"
fi

if [ ! -s "$PGDATA/PG_VERSION" ]; then
  user=$(value POSTGRES_USER) password=$(value POSTGRES_PASSWORD) name=$(value POSTGRES_DB)
  user=${user:-postgres} name=${name:-$user}
  if [ -z "$password" ]; then
    echo 'Error: Database is uninitialized and superuser password is not specified.' >&2
    exit 1
  fi
  mkdir -p "$PGDATA" && chmod 700 "$PGDATA"
  initdb --username="$user" --pwfile=<(printf '%s\n' "$password")
  printf '\nhost all all all scram-sha-256\n' >>"$PGDATA/pg_hba.conf"
  PGUSER=$user pg_ctl -D "$PGDATA" -o "-c listen_addresses='' -p 5432" -w start
  query=(psql -v ON_ERROR_STOP=1 --no-psqlrc --username "$user")
  if [ "$name" != postgres ]; then
    "${query[@]}" --dbname postgres --set db="$name" <<<'CREATE DATABASE :"db";'
  fi
  for file in /docker-entrypoint-initdb.d/*; do
    case "$file" in
      *.sql) "${query[@]}" --dbname "$name" -f "$file" ;;
      *.sh) bash "$file" ;;
    esac
  done
  pg_ctl -D "$PGDATA" -m fast -w stop
fi
exec "$@"
