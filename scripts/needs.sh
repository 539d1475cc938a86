# What Starling's scripts need from the machine. Sourced, not run.

package_file=$(dirname "${BASH_SOURCE[0]}")/../Package.swift

say() { printf '%s\n' "$*" >&2; }

give_up() {
    say "$*"
    exit 1
}

# Ends the script unless a Swift toolchain of at least 6.2 is on PATH.
need_swift() {
    command -v swift >/dev/null ||
        give_up "Swift is not on PATH. Install a Swift 6.3 toolchain (swift.org/install)," \
            "put its usr/bin on PATH, and run this again."
    local version
    version=$(swift --version 2>/dev/null | grep -o -m 1 'Swift version [0-9]*\.[0-9]*') ||
        give_up "\"swift --version\" does not say which Swift this is; Starling needs 6.2 or later."
    version=${version##* }
    if ((${version%.*} < 6 || (${version%.*} == 6 && ${version#*.} < 2))); then
        give_up "This is Swift $version; Starling needs 6.2 or later, best 6.3."
    fi
}

# Runs a command as root: by itself, or through sudo, which says what it is asked for.
as_root() {
    if ((EUID == 0)); then
        "$@"
    else
        sudo -p "[sudo] password for %u, to install Debian packages: " "$@"
    fi
}

# Prints those of the packages named that Debian does not have installed.
missing_packages() {
    local package
    for package in "$@"; do
        dpkg-query -W -f '${db:Status-Abbrev}' "$package" 2>/dev/null | grep -q '^.i' ||
            printf '%s ' "$package"
    done
}

# Installs what is missing of the packages named. Status 1, with the reason said, when it cannot.
install_packages() {
    command -v dpkg-query >/dev/null || {
        say "This is neither Debian nor Ubuntu: please install what these packages hold: $*"
        return 1
    }
    local missing
    read -r -a missing <<<"$(missing_packages "$@")"
    ((${#missing[@]})) || return 0
    if ((EUID != 0)) && ! command -v sudo >/dev/null; then
        say "Debian packages are missing, and there is no sudo to install them. As root, run:"
        say "  apt-get install ${missing[*]}"
        return 1
    fi
    say "Installing Debian packages: ${missing[*]}"
    local log
    log=$(mktemp)
    local install=(env DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends)
    # The lists of a machine may be missing or old: a second try follows an update.
    if as_root "${install[@]}" "${missing[@]}" >"$log" 2>&1 || {
        as_root apt-get update >>"$log" 2>&1
        as_root "${install[@]}" "${missing[@]}" >>"$log" 2>&1
    }; then
        rm -f "$log"
        return 0
    fi
    tail -n 20 "$log" >&2
    rm -f "$log"
    say "These Debian packages could not be installed: ${missing[*]}"
    return 1
}

# What Package.swift says of the system's libraries: their Debian packages, their pkg-config names.
library_packages() { sed -n 's/.*\.apt(\["\([^"]*\)"\]).*/\1/p' "$package_file"; }
library_names() { sed -n 's/.*pkgConfig: "\([^"]*\)".*/\1/p' "$package_file"; }

# Ends the script unless everything that a build needs is there.
need_libraries() {
    local packages names
    mapfile -t packages < <(library_packages)
    mapfile -t names < <(library_names)
    install_packages "${packages[@]}" pkg-config ||
        { command -v pkg-config >/dev/null && pkg-config --exists "${names[@]}"; } ||
        give_up "Without pkg-config and these libraries, Starling cannot be built: ${names[*]}"
}

# Runs a build and shows what it said only when it fails:  build_quietly WHAT COMMAND…
# Where a terminal watches, it shows how far the build is.
build_quietly() {
    local what=$1 log status=0 build step
    shift
    log=$(mktemp)
    say "Building $what (some minutes at the first time)…"
    "$@" >"$log" 2>&1 &
    build=$!
    # What runs in the background does not hear Ctrl-C by itself.
    trap 'kill "$build" 2>/dev/null; rm -f "$log"; exit 130' INT TERM
    while [[ -t 2 ]] && kill -0 "$build" 2>/dev/null; do
        step=$(tail -c 2000 "$log" | tr '
' '
' | grep -o '^\[[0-9]*/[0-9]*\]' | tail -n 1) || step=
        printf '
[K%s' "$step" >&2
        sleep 0.5
    done
    if [[ -t 2 ]]; then printf '
[K' >&2; fi
    wait "$build" || status=$?
    trap - INT TERM
    if ((status)); then
        cat "$log" >&2
        say "The build failed: $*"
    fi
    rm -f "$log"
    return "$status"
}
