#!/bin/sh
# Whatever is put into /docker-entrypoint.d prepares the server's start.
set -e
if [ "$1" = nginx ] || [ "$1" = nginx-debug ]; then
    for step in /docker-entrypoint.d/*.sh; do
        if [ -x "$step" ]; then
            echo "$0: running $step"
            "$step"
        fi
    done
fi
exec "$@"
