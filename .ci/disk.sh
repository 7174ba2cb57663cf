#!/usr/bin/env bash
# Trains on a disk of 3 MB until it is full, makes room, and expects the run to come to its end; and names a folder
# that cannot be written. Needs the built program, and leave to mount in a namespace of its own: .ci/disk.sh
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
program=${1:-$PWD/target/debug/fcn-workbench}

if [[ -z ${IN_NAMESPACE:-} ]]; then
    if unshare -m true 2>/dev/null; then
        IN_NAMESPACE=1 exec unshare -m "$0" "$program"
    elif unshare -rm true 2>/dev/null; then
        IN_NAMESPACE=1 exec unshare -rm "$0" "$program"
    fi
    echo "Skipped: nobody may mount a disk here"
    exit 0
fi

folder=$(mktemp -d)
training=
cleanup() {
    [[ -z $training ]] || kill "$training" 2>/dev/null || true
    umount "$folder/runs" 2>/dev/null || true
    rm -rf "$folder"
}
trap cleanup EXIT
mkdir "$folder/runs"
train=("$program" --data-dir "$folder/data" --runs-dir "$folder/runs" train --device cpu --max-steps 6
    --train-size 48x48 --test-size 48x36 --batch-size 1 --checkpoint-steps 1)

mount -t tmpfs -o size=3m tmpfs "$folder/runs"
"${train[@]}" >"$folder/out" 2>"$folder/err" &
training=$!
for _ in $(seq 1200); do
    if grep -q "waits, since it cannot be saved" "$folder/err"; then break; fi
    kill -0 "$training" 2>/dev/null || { echo "It ended on a full disk:"; cat "$folder/out" "$folder/err"; exit 1; }
    sleep 0.1
done
grep -q "waits, since it cannot be saved" "$folder/err" || { echo "It did not say that it waits"; exit 1; }
kill -0 "$training"
mount -o remount,size=256m "$folder/runs"
wait "$training" || { echo "It failed although there was room:"; cat "$folder/out" "$folder/err"; exit 1; }
training=
grep -q "is finished" "$folder/out"
steps=$(cat "$folder"/runs/*/steps.jsonl | wc -l)
[[ $steps -eq 6 ]] || { echo "$steps steps are in the log, not 6"; exit 1; }
echo "A full disk: the run waited, and came to its end once there was room"

umount "$folder/runs"
mount -t tmpfs -o size=3m,ro tmpfs "$folder/runs"
if "${train[@]}" >"$folder/out" 2>"$folder/err"; then
    echo "It trained into a folder that cannot be written"
    exit 1
fi
grep -q "$folder/runs" "$folder/err" || { echo "It does not name the folder:"; cat "$folder/err"; exit 1; }
echo "A read-only folder: $(tail -1 "$folder/err")"
