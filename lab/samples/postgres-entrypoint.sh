#!/bin/sh
# Stands in the lab for docker-entrypoint.sh of the image postgres: makes the data directory where there is none, with the same
# variables, and starts the server.
#
#   sh postgres-entrypoint.sh FOLDER-OF-PROGRAMS [ARGUMENT]...
set -eu
programs=$1
shift
if [ ! -s "$PGDATA/PG_VERSION" ]; then
  umask 077
  mkdir -p "$PGDATA"
  password=$NOMAD_SECRETS_DIR/initdb-password
  printf '%s\n' "$POSTGRES_PASSWORD" >"$password"
  # Several words, as in the image.
  # shellcheck disable=SC2086
  "$programs/initdb" --pgdata="$PGDATA" --username="$POSTGRES_USER" --pwfile="$password" $POSTGRES_INITDB_ARGS
  rm "$password"
fi
unset POSTGRES_PASSWORD
exec "$programs/postgres" "$@"
