#!/bin/sh
# Made by `shim shellenv`: old scripts that run `ray` run `shim ray`.
# Off: eval "$(shim shellenv --off)", or for one command: SHIM_WRAPPER=off ray ...
case ${SHIM_WRAPPER-} in
off | no | 0 | false)
    set -f
    IFS=:
    for folder in ${PATH-}; do
        ray=${folder:-.}/ray
        [ -f "$ray" ] && [ -x "$ray" ] || continue
        ! head -n 2 "$ray" | grep -q 'Made by `shim shellenv`' 2>/dev/null || continue
        exec "$ray" "$@"
    done
    echo "Error: SHIM_WRAPPER=off, and there is no other ray on PATH." >&2
    exit 127
    ;;
esac
if ! [ -x @PYTHON@ ]; then
    echo "Error: shim is gone from" @PYTHON@ "and this ray was its wrapper." >&2
    echo 'Try:   install it again and type eval "$(shim shellenv)", or remove this wrapper: rm' @WRAPPER@ >&2
    exit 127
fi
exec @PYTHON@ @FLAGS@ -m shim ray "$@"
