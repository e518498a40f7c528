#!/bin/bash
# Makes the configuration and the root entry on the first start, then becomes the server.
set -eo pipefail
ulimit -n 1024
config=/etc/ldap/slapd.d
if [ "$1" = slapd ]; then
    if [ -z "$(ls -A "$config")" ]; then
        if [ -z "${LDAP_ADMIN_PASSWORD:-}" ]; then
            echo "the directory is not initialized and LDAP_ADMIN_PASSWORD is not set" >&2
            exit 1
        fi
        suffix="dc=${LDAP_DOMAIN//./,dc=}"
        # It goes in by a file, for the arguments of processes are everybody's to read.
        password=$(slappasswd -T <(printf '%s' "$LDAP_ADMIN_PASSWORD"))
        slapadd -n 0 -F "$config" <<END
dn: cn=config
objectClass: olcGlobal
cn: config
olcPidFile: /run/slapd/slapd.pid

dn: cn=module,cn=config
objectClass: olcModuleList
cn: module
olcModulePath: /usr/lib/ldap
olcModuleLoad: back_mdb

dn: cn=schema,cn=config
objectClass: olcSchemaConfig
cn: schema

include: file:///etc/ldap/schema/core.ldif
include: file:///etc/ldap/schema/cosine.ldif
include: file:///etc/ldap/schema/inetorgperson.ldif

dn: olcDatabase=mdb,cn=config
objectClass: olcDatabaseConfig
objectClass: olcMdbConfig
olcDatabase: mdb
olcDbDirectory: /var/lib/ldap
olcSuffix: $suffix
olcRootDN: cn=admin,$suffix
olcRootPW: $password
END
        slapadd -F "$config" -b "$suffix" <<END
dn: $suffix
objectClass: dcObject
objectClass: organization
o: $LDAP_DOMAIN
END
    fi
    mkdir -p /run/slapd
    chown -R openldap:openldap "$config" /var/lib/ldap /run/slapd
    shift
    exec slapd -F "$config" -u openldap -g openldap -h "ldap://:$LDAP_PORT/ ldapi:///" -d none "$@"
fi
exec "$@"
