# Node and npm packages for the tests. Sourced, never run; needs packages.sh.
# shellcheck shell=bash

# Debian 12 has 18, whose own test runner and network modules are all we need.
node_is_fit() {
  command -v npm >/dev/null &&
    node -e 'process.exit(parseInt(process.versions.node) >= 18 ? 0 : 1)' 2>/dev/null
}

install_node() {
  node_is_fit || install_packages nodejs npm:npm && node_is_fit
}

# npm_packages FOLDER: those of its lock file, once: npm ci empties node_modules first.
npm_packages() {
  [ "$1/node_modules/.package-lock.json" -nt "$1/package-lock.json" ] ||
    (cd "$1" && npm ci --no-audit --no-fund </dev/null)
}

node_packages() { install_node && npm_packages "$1" >&2; }
