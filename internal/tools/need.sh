#!/usr/bin/env bash
# Sees to the commands that the tests need, in the words of Debian: each line of needs is a command and the packages
# that bring it. Root on Debian gets them installed; everybody else is told what is missing, and nothing is left out.
#
#   need.sh [race]
set -euo pipefail

needs=(
	"git git"
	"dockerd docker.io" # the tests of the sandbox start an engine of their own
	"npm npm"           # fetches a real agent
)
[[ ${1-} != race ]] || needs+=("gcc gcc libc6-dev")

missing=()
for need in "${needs[@]}"; do
	read -ra words <<<"$need"
	command -v "${words[0]}" >/dev/null || missing+=("${words[@]:1}")
done
if [[ " ${missing[*]-} " == *" docker.io "* && -S /var/run/docker.sock ]]; then
	# An engine that answers does as well as one of their own.
	missing=("${missing[@]/docker.io/}")
fi
read -ra missing <<<"${missing[*]-}"
((${#missing[@]})) || exit 0
if ((EUID != 0)) || ! command -v apt-get >/dev/null; then
	echo "the tests need what is missing here: ${missing[*]} (as Debian names the packages)" >&2
	exit 1
fi
echo "installing ${missing[*]}" >&2
export DEBIAN_FRONTEND=noninteractive
apt-get update -q >&2
apt-get install -y -q --no-install-recommends "${missing[@]}" >&2
