#!/bin/sh
# Templates with variables of the environment become files of conf.d.
set -e
templates=/etc/nginx/templates
target=/etc/nginx/conf.d
[ -d "$templates" ] || exit 0
if [ ! -w "$target" ]; then
    echo "$0: $target is not writable, templates are left out"
    exit 0
fi
names=$(env | sed -n 's/^\([A-Za-z_][A-Za-z0-9_]*\)=.*/${\1}/p' | tr '\n' ' ')
for template in "$templates"/*.template; do
    [ -f "$template" ] || continue
    envsubst "$names" < "$template" > "$target/$(basename "$template" .template)"
done
