#!/usr/bin/env bash
# What does a pull request say of its models' shortcuts?
#
# The Markdown report, in one comment: the one that begins with the marker and was written by a bot is brought up to
# date, else there is a new one. Reads MARKDOWN (a path), STATUS (of the audit), PULL_REQUEST (a number), GH_TOKEN,
# GITHUB_REPOSITORY and RUNNER_TEMP. Never fails a job: where it may not comment (the token of a fork's pull request
# reads only), a notice says so.
set -uo pipefail

marker='<!-- shortcut-audit -->'
limit=60000 # bytes: GitHub refuses a comment of more than 65,536 characters
body=$RUNNER_TEMP/shortcut-audit.comment.md

notice() {
    echo "::notice title=shortcut-audit::no comment on the pull request: $1"
    exit 0
}

report() { # the report's lines that fit; without one, what came of the audit, so that no older comment stays true
    if [ ! -s "${MARKDOWN:-}" ]; then
        echo "The audit has ended with exit status ${STATUS:-unknown}, without a report: nothing is known of the shortcuts."
        return
    fi
    LC_ALL=C awk -v limit="$limit" '
        { size += length($0) + 1 }
        size > limit { print "\n\nThe report goes on in the job summary."; exit }
        { print }' "$MARKDOWN"
}

[[ ${PULL_REQUEST:-} =~ ^[0-9]+$ ]] || notice "the workflow does not run for one"
command -v gh >/dev/null || notice "the runner has no gh"
{ echo "$marker" && report; } >"$body" || notice "$body cannot be written"

own=".[] | select(.user.type == \"Bot\" and (.body | startswith(\"$marker\"))) | .id"
found=$(gh api --paginate "repos/$GITHUB_REPOSITORY/issues/$PULL_REQUEST/comments?per_page=100" --jq "$own") ||
    notice "the token may not read comments; it needs pull-requests: write"
if [ -n "$found" ]; then
    call=(--method PATCH "repos/$GITHUB_REPOSITORY/issues/comments/${found%%$'\n'*}")
else
    call=(--method POST "repos/$GITHUB_REPOSITORY/issues/$PULL_REQUEST/comments")
fi
gh api "${call[@]}" --silent -F "body=@$body" ||
    notice "the token may not write one; it needs pull-requests: write, which a fork's has not"
