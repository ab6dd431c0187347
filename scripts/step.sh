#!/bin/sh
# Runs one named step and says how long it took: step.sh <name> <command> [argument]…
set -u
name=$1
shift
echo "== $name"
began=$(date +%s)
"$@"
code=$?
took=$(($(date +%s) - began))
if [ "$code" = 0 ]; then
    echo "== $name: good, $took s"
else
    echo "== $name: FAILED after $took s"
fi
exit "$code"
