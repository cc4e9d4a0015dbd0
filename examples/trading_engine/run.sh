#!/bin/sh
# Runs the trading engine; run.sh --help says how.
# It needs the package llmlearn; `make run` builds it and sets PYTHONPATH.
set -eu
examples=$(cd "$(dirname "$0")/.." && pwd)
PYTHONPATH=$examples${PYTHONPATH:+:$PYTHONPATH}
export PYTHONPATH
exec "${PYTHON:-python3}" -B -m trading_engine "$@"
