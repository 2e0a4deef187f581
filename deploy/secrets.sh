#!/bin/sh
# Makes what docker-compose.yml wants in deploy/secrets: passwords, the file of Redis' users, a key of the HTTP gateway.
#
#   deploy/secrets.sh [FOLDER]
#
# What is there stays: run it again after an update that brings a new role. To replace a password, remove its file, run
# this, and start the services anew. Containers run as other users than yours, and Compose gives them the very files: so
# every user can read the files, but only you can enter their folder.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
folder=${1:-"$here/secrets"}
mkdir -p "$folder"
chmod 700 "$folder"
password() { head -c 24 /dev/urandom | base64 | tr '+/' '-_'; }
sum() { if command -v sha256sum >/dev/null; then sha256sum; else shasum -a 256; fi | cut -d ' ' -f 1; }

"$here/redis/users.sh" "$folder/redis" >"$folder/users.acl.new"
mv "$folder/users.acl.new" "$folder/users.acl"
for name in flower grafana http_key; do
  [ -s "$folder/$name" ] || password >"$folder/$name"
done
if [ ! -s "$folder/http_keys.toml" ]; then
  hash=$(tr -d '\r\n' <"$folder/http_key" | sum)
  printf '# More users, weights and caps: docs/reference/http.md, "Keys"\n[[key]]\nsha256 = "%s"\nuser = "first"\n' "$hash" \
    >"$folder/http_keys.toml"
fi
chmod 755 "$folder/redis"
chmod 644 "$folder/users.acl" "$folder/flower" "$folder/grafana" "$folder/http_key" "$folder/http_keys.toml" "$folder"/redis/*
