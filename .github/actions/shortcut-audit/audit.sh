#!/usr/bin/env bash
# What does the workflow run audit, and what does it hand on?
#
# Reads MODELS and ARGUMENTS (one a line) and COMMAND; writes the SARIF log and the Markdown report under RUNNER_TEMP,
# their paths and the exit status to GITHUB_OUTPUT, annotations to stdout. Exits as the command does.
set -euo pipefail

lines() { # the lines of $1 that are not empty, without the carriage returns of an editor on Windows
    tr -d '\r' <<<"$1" | sed '/^[[:space:]]*$/d'
}

mapfile -t models < <(lines "${MODELS:-}")
mapfile -t arguments < <(lines "${ARGUMENTS:-}")
sarif=$RUNNER_TEMP/shortcut-audit.sarif
markdown=$RUNNER_TEMP/shortcut-audit.md
rm -f "$sarif" "$markdown" # those of an earlier step, if the command is ended before it writes

status=0
"${COMMAND:-shortcut-audit}" --format github -o "$sarif" -o "$markdown" "${arguments[@]}" -- "${models[@]}" || status=$?
{
    echo "status=$status"
    echo "sarif=$sarif"
    echo "markdown=$markdown"
} >>"$GITHUB_OUTPUT"
exit "$status"
