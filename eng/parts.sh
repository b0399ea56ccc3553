# The Debian packages that tests start for themselves. Sourced by ./test: sets missing_parts; installs them where that is permitted.
missing_parts=()

find_missing_parts() {
    missing_parts=()
    compgen -G '/usr/lib/postgresql/*/bin/initdb' >/dev/null || command -v initdb >/dev/null 2>&1 || missing_parts+=(postgresql)
    command -v nats-server >/dev/null 2>&1 || missing_parts+=(nats-server)
    command -v openssl >/dev/null 2>&1 || missing_parts+=(openssl)
    command -v swtpm >/dev/null 2>&1 || missing_parts+=(swtpm)
    command -v softhsm2-util >/dev/null 2>&1 || missing_parts+=(softhsm2)
    command -v tpm2_import >/dev/null 2>&1 || missing_parts+=(tpm2-tools)
    if ! ${quick:-false}; then
        command -v node >/dev/null 2>&1 || missing_parts+=(nodejs)
        command -v npm >/dev/null 2>&1 || missing_parts+=(npm)
        [ -x /usr/lib/rabbitmq/bin/rabbitmq-server ] || missing_parts+=(rabbitmq-server)
        command -v sqlite3 >/dev/null 2>&1 || missing_parts+=(sqlite3)
    fi
}

need_parts() {
    find_missing_parts
    [ ${#missing_parts[@]} -eq 0 ] && return 0
    command -v apt-get >/dev/null 2>&1 || return 1
    local as_root=()
    if [ "$(id -u)" -ne 0 ]; then
        sudo -n true 2>/dev/null || return 1
        as_root=(sudo -n)
    fi
    echo "== installing ${missing_parts[*]}"
    "${as_root[@]}" apt-get update -qq >/dev/null 2>&1
    DEBIAN_FRONTEND=noninteractive "${as_root[@]}" apt-get install -y -qq --no-install-recommends "${missing_parts[@]}" >/dev/null 2>&1
    # Debian starts a broker at once, on ports that a Gatehouse wants. Tests start their own.
    if [[ " ${missing_parts[*]} " == *" rabbitmq-server "* ]] && [ -d /run/systemd/system ]; then
        "${as_root[@]}" systemctl disable --now --quiet rabbitmq-server
    fi
    find_missing_parts
    [ ${#missing_parts[@]} -eq 0 ]
}
