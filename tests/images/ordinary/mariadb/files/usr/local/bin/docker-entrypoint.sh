#!/bin/bash
# Makes the system tables on the first start, then becomes the server; the first of it as root, the rest as mysql.
set -eo pipefail
data=/var/lib/mysql
socket=/run/mysqld/mysqld.sock

note() { echo "$(date --rfc-3339=seconds) [Note] [Entrypoint]: $*"; }

# The value of a variable, or of the file that NAME_FILE names.
value() {
    local file="$1_FILE"
    if [ -n "${!file:-}" ]; then cat "${!file}"; else printf '%s' "${!1:-}"; fi
}

initialize() {
    local root database user password server
    root=$(value MARIADB_ROOT_PASSWORD)
    database=$(value MARIADB_DATABASE)
    user=$(value MARIADB_USER)
    password=$(value MARIADB_PASSWORD)
    if [ -z "$root" ]; then
        echo "the database is not initialized and MARIADB_ROOT_PASSWORD is not set" >&2
        exit 1
    fi
    note "making the system tables"
    mariadb-install-db --datadir="$data" --auth-root-authentication-method=normal --skip-test-db >/dev/null
    "$@" --skip-networking --socket="$socket" &
    server=$!
    for _ in {1..300}; do
        if mariadb -uroot --socket="$socket" -e 'SELECT 1' &>/dev/null; then break; fi
        sleep 0.1
    done
    {
        [ -z "$database" ] || printf 'CREATE DATABASE `%s`;\n' "$database"
        if [ -n "$user" ]; then
            printf "CREATE USER '%s'@'%%' IDENTIFIED BY '%s';\n" "$user" "$password"
            [ -z "$database" ] || printf "GRANT ALL ON \`%s\`.* TO '%s'@'%%';\n" "$database" "$user"
        fi
        printf "CREATE USER 'healthcheck'@'localhost' IDENTIFIED VIA unix_socket OR mysql_native_password USING PASSWORD('%s');\n" "$root"
        printf "ALTER USER 'root'@'localhost' IDENTIFIED BY '%s';\n" "$root"
    } | mariadb -uroot --socket="$socket"
    kill "$server"
    wait "$server"
    note "ready for its first start"
}

if [ "${1:0:1}" = - ]; then
    set -- mariadbd "$@"
fi
if [ "$1" = mariadbd ]; then
    if [ "$(id -u)" = 0 ]; then
        mkdir -p "$data" /run/mysqld
        find "$data" /run/mysqld \! -user mysql -exec chown mysql: '{}' +
        note "stepping down to mysql"
        exec gosu mysql "$0" "$@"
    fi
    if [ ! -d "$data/mysql" ]; then
        initialize "$@"
    fi
fi
exec "$@"
