#!/bin/bash
# Shows what the server logs to a file, and becomes the server.
set -e
touch /var/log/squid/access.log
chown proxy:proxy /var/log/squid /var/log/squid/access.log /var/spool/squid
tail -n 0 -F /var/log/squid/access.log 2>/dev/null &
if [ ! -d /var/spool/squid/00 ]; then
    squid -N -z -f /etc/squid/squid.conf
fi
exec squid "$@"
