#!/bin/bash
# Makes a cluster in $PGDATA on the first start, then becomes the server; the first of it as root, the rest as postgres.
set -eo pipefail

# The value of a variable, or of the file that NAME_FILE names.
value() {
    local file="$1_FILE"
    if [ -n "${!file:-}" ]; then cat "${!file}"; else printf '%s' "${!1:-$2}"; fi
}

prepare() {
    mkdir -p "$PGDATA" /var/run/postgresql
    chmod 00700 "$PGDATA"
    chmod 03775 /var/run/postgresql
    if [ "$(id -u)" = 0 ]; then
        find "$PGDATA" /var/run/postgresql \! -user postgres -exec chown postgres '{}' +
    fi
}

initialize() {
    local password user database
    password=$(value POSTGRES_PASSWORD)
    user=$(value POSTGRES_USER postgres)
    database=$(value POSTGRES_DB "$user")
    if [ -z "$password" ]; then
        echo "the database is not initialized and POSTGRES_PASSWORD is not set" >&2
        exit 1
    fi
    initdb --username="$user" --pwfile=<(printf '%s\n' "$password") --auth-local=trust --auth-host=scram-sha-256
    echo 'host all all all scram-sha-256' >> "$PGDATA/pg_hba.conf"
    pg_ctl -D "$PGDATA" -o "-c listen_addresses=''" -w start
    if [ "$database" != postgres ]; then
        psql -v ON_ERROR_STOP=1 --username "$user" --no-password --dbname postgres --set db="$database" <<<'CREATE DATABASE :"db";'
    fi
    for step in /docker-entrypoint-initdb.d/*; do
        case $step in
            *.sh) echo "$0: running $step"; . "$step" ;;
            *.sql) echo "$0: running $step"; psql -v ON_ERROR_STOP=1 --username "$user" --no-password --dbname "$database" -f "$step" ;;
        esac
    done
    pg_ctl -D "$PGDATA" -m fast -w stop
}

if [ "${1:0:1}" = - ]; then
    set -- postgres "$@"
fi
if [ "$1" = postgres ]; then
    prepare
    if [ "$(id -u)" = 0 ]; then
        exec gosu postgres "$BASH_SOURCE" "$@"
    fi
    if [ ! -s "$PGDATA/PG_VERSION" ]; then
        initialize
    fi
fi
exec "$@"
