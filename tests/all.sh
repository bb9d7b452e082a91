#!/usr/bin/env bash
# Every check and every test. What a test's real peer needs is installed first; where it cannot be had, the test says so
# and is skipped.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
export PATH="$PWD/node_modules/.bin:$PATH"

node tests/peers/main.ts
npm run --silent check
exec vitest run
