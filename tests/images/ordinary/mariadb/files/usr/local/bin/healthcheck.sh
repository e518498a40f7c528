#!/bin/sh
# --connect: a server that listens to the network answers, which the one of the first start does not.
set -e
case $1 in
    --connect) exec timeout 5 sh -c 'mariadb -h127.0.0.1 -unobody -e "SELECT 1" 2>&1 | grep -q -e 1045 -e "^1$"' ;;
    *) echo "usage: healthcheck.sh --connect" >&2; exit 64 ;;
esac
