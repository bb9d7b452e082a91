#!/usr/bin/env bash
# Every check and every test. What a test's real peer needs is installed first; where it cannot be had, the test says so
# and is skipped.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
export PATH="$PWD/node_modules/.bin:$PATH"
# Where the product keeps what it compiled: the many programs that tests start find it too.
export NODE_COMPILE_CACHE="$PWD/node_modules/.cache/node-compile"

node tests/peers/main.ts
npm run --silent check
exec vitest run
