#!/bin/sh
# Run a command and print how long it took, whatever came of it.
start=$(date +%s)
"$@"
code=$?
echo "Took $(($(date +%s) - start)) seconds."
exit $code
