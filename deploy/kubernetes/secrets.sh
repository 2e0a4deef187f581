#!/bin/sh
# Prints the Secrets of the pods, each with what its role needs, from the files that deploy/secrets.sh makes:
#
#   deploy/secrets.sh && deploy/kubernetes/secrets.sh | kubectl apply --namespace seriatim -f -
#
# To replace a password: remove its file, run both again, and restart Redis, then what uses it (kubectl rollout restart).
set -eu
here=$(cd "$(dirname "$0")" && pwd)
folder=${1:-"$here/../secrets"}
secret() { # NAME KEY=FILE...
  printf -- '---\napiVersion: v1\nkind: Secret\nmetadata: {name: seriatim-%s, labels: {app.kubernetes.io/part-of: seriatim}}\ntype: Opaque\ndata:\n' "$1"
  shift
  for pair in "$@"; do printf '  %s: %s\n' "${pair%%=*}" "$(base64 <"$folder/${pair#*=}" | tr -d '\n')"; done
}
secret redis users_acl=users.acl redis_plain=redis/plain
secret gateway redis_gateway=redis/gateway http_keys=http_keys.toml
secret worker redis_worker=redis/worker
secret reassembler redis_reassembler=redis/reassembler
