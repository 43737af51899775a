#!/usr/bin/env bash
# From nothing to the first result: each command as a user types it, with its seconds and the bytes that it downloaded.
#
#     xtask/from-nothing.sh clone [REPOSITORY]   git clone, then README's first command; Rust and a C compiler are there, no crate is
#     xtask/from-nothing.sh tarball FILE         what `cargo xtask dist` makes
#     xtask/from-nothing.sh wheel FILE           what `cargo xtask wheel` makes; ASSAY_PYTHON names the Python, python3 if it is not set
#
# Everything happens in a temporary folder, with empty caches of cargo and pip, and is removed at the end. Bytes are those of the
# files that git, cargo and pip keep of what they fetched.
set -euo pipefail

script=$(realpath "${BASH_SOURCE[0]}")
usage() {
    grep '^#  ' "$script" | cut -c 3- >&2
    exit 2
}

begin=$(pwd)
# The file that is meant, from here on seen from elsewhere.
case ${1:-} in
    clone) (($# <= 2)) || usage ;;
    tarball | wheel)
        [[ $# == 2 && -f $2 ]] || usage
        file=$(realpath "$2")
        ;;
    *) usage ;;
esac
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
trap 'exit 130' INT TERM
export CARGO_HOME=$folder/cargo PIP_CACHE_DIR=$folder/pip
unset CARGO_TARGET_DIR
mkdir "$CARGO_HOME" "$PIP_CACHE_DIR"
# Where crates and packages are fetched from is the user's choice, and not what is measured.
for settings in "$HOME/.cargo/config.toml" "$HOME/.cargo/config"; do
    [[ ! -f $settings ]] || cp "$settings" "$CARGO_HOME/"
done
cd "$folder"

# What was fetched so far: objects of the clone, crates and their index, packages.
fetched() {
    local kept=("$folder"/assay/.git/objects "$CARGO_HOME"/registry/cache "$CARGO_HOME"/registry/index "$CARGO_HOME"/git "$PIP_CACHE_DIR")
    { find "${kept[@]}" -type f -printf '%s\n' 2>/dev/null || true; } | awk '{ bytes += $1 } END { print bytes + 0 }'
}

printf '%9s  %14s  %s\n' seconds 'bytes fetched' command
total_begin=$(date +%s%N)
# step COMMAND…
step() {
    local begin bytes
    begin=$(date +%s%N)
    bytes=$(fetched)
    if ! "$@" >"$folder/output" 2>&1; then
        tail -n 30 "$folder/output" >&2
        echo "failed: $*" >&2
        exit 1
    fi
    printf '%9.1f  %14d  %s\n' "$((($(date +%s%N) - begin) / 1000000))e-3" "$(($(fetched) - bytes))" "$*"
}

case $1 in
    clone)
        if [[ $# == 2 ]]; then
            repository=$2
        else
            repository=$(git -C "$begin" rev-parse --show-toplevel)
        fi
        [[ ! -d $begin/$repository ]] || repository=$begin/$repository
        # A clone of a folder would link its objects: ask for the transport that a network has.
        [[ ! -d $repository ]] || repository=file://$repository
        step git clone --quiet "$repository" assay
        cd assay
        step cargo run --release -p assay -- run configs/quickstart.toml
        ;;
    tarball)
        printf '%9s  %14d  %s\n' '' "$(stat -c %s "$file")" "the tarball itself"
        mkdir assay
        step tar -xzf "$file" -C assay --strip-components=1
        cd assay
        step bin/assay run configs/quickstart.toml
        ;;
    wheel)
        printf '%9s  %14d  %s\n' '' "$(stat -c %s "$file")" "the wheel itself"
        step "${ASSAY_PYTHON:-python3}" -m venv .venv
        step .venv/bin/pip install "$file"
        cell='|nor_conv_3x3~0|+|skip_connect~0|nor_conv_3x3~1|+|none~0|nor_conv_1x1~1|avg_pool_3x3~2|'
        step .venv/bin/python -c "import assay; print(assay.score('$cell', ['params', 'naswot', 'ntk-condition']))"
        ;;
esac
printf '%9.1f  %14d  %s\n' "$((($(date +%s%N) - total_begin) / 1000000))e-3" "$(fetched)" "in all; the last command printed:"
tail -n 12 "$folder/output"
