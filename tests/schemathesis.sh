#!/usr/bin/env bash
# Send a hub whatever its own description allows, and much that it doesn't: it must never answer with a 5xx, nor with
# anything that the description doesn't tell of, and it must refuse nothing that the description allows.
#
# What a schema can't say, such as that a time ends after it begins, is refused by 422, which is allowed here.
#
#     tests/schemathesis.sh [PROGRAM [EXAMPLES]]
#
# Needs schemathesis (https://schemathesis.io): `pip install schemathesis`, or name it in SCHEMATHESIS.
set -euo pipefail
program=$(realpath "${1:-target/debug/floorwatch}")
examples=${2:-60}
schemathesis=${SCHEMATHESIS:-schemathesis}
if ! command -v "$schemathesis" >/dev/null; then
    echo "schemathesis is not installed here: pip install schemathesis"
    exit 0
fi

folder=$(mktemp -d)
trap 'kill "$hub" 2>/dev/null || true; wait 2>/dev/null || true; rm -rf "$folder"' EXIT
token=floorwatch_schemathesis_0123456789
digest=$(printf %s "$token" | sha256sum | cut -d' ' -f1)
port=${PORT:-17071}
cat >"$folder/config.toml" <<CONFIG
title = "Schemathesis"
[journal]
path = "$folder/journal.db"
[hub]
listen = "127.0.0.1:$port"
socket = "$folder/hub.sock"
[[hub.tokens]]
name = "schemathesis"
role = "admin"
sha256 = "$digest"
CONFIG
HOME=$folder TMPDIR=$folder FLOORWATCH_CONFIG=$folder/config.toml "$program" hub &
hub=$!
for _ in $(seq 100); do
    curl --silent --fail "http://127.0.0.1:$port/readyz" >/dev/null && break
    sleep 0.1
done

cat >"$folder/schemathesis.toml" <<CHECKS
[checks.positive_data_acceptance]
expected-statuses = ["2xx", "401", "403", "404", "409", "422", "429"]
CHECKS

# Streams don't end, so they can't be asked here; their questions are those of the endpoints that answer at once.
cd "$folder"
"$schemathesis" run "http://127.0.0.1:$port/openapi.json" \
    --header "Authorization: Bearer $token" \
    --exclude-path-regex '/stream$' \
    --checks not_a_server_error,status_code_conformance,content_type_conformance,response_schema_conformance,response_headers_conformance,positive_data_acceptance \
    --max-examples "$examples" \
    --seed "${SEED:-1}" \
    --request-timeout 20 \
    --workers 1
