#!/bin/sh
# Prints an ACL file for Redis or Valkey, with a user seriatim-<role> for each role here:
#
#   deploy/redis/users.sh FOLDER > users.acl        and in the server's configuration: aclfile /path/of/users.acl
#
# FOLDER holds a password for each role in a file of its name; those that are not there are made. Give each process its own:
# SERIATIM_REDIS_URL=redis://seriatim-worker@host SERIATIM_REDIS_PASSWORD_FILE=FOLDER/worker
set -eu
folder=${1:?"a folder for the passwords"}
here=$(dirname "$0")
umask 077
mkdir -p "$folder"
sum() { if command -v sha256sum >/dev/null; then sha256sum; else shasum -a 256; fi | cut -d ' ' -f 1; } # macOS has the second
echo "user default off"
for file in "$here"/*.acl; do
  role=$(basename "$file" .acl)
  [ -s "$folder/$role" ] || head -c 24 /dev/urandom | base64 >"$folder/$role"
  hash=$(head -n 1 "$folder/$role" | tr -d '\r\n' | sum)
  echo "user seriatim-$role on #$hash $(grep -v '^#' "$file" | tr '\n' ' ')"
done
