#!/usr/bin/env bash
# Opens the real window on a virtual screen, starts a training run with F5, and checks that
# it trains and that the window shows it. Needs a debug build with the default features.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

target=${CARGO_TARGET_DIR:-$PWD/target}
program=$target/debug/fcn-workbench
artifacts=$target/ci-artifacts
title='FCN Workbench'
work=$(mktemp -d)
log=$artifacts/window.log
screen=
window=

fail() {
    echo "smoke: $1" >&2
    [[ -z ${DISPLAY_READY:-} ]] || screenshot failure || true
    [[ ! -s $log ]] || { echo "--- output of the program:" >&2; tail -n 40 "$log" >&2; }
    exit 1
}

clean_up() {
    [[ -z $window ]] || kill -9 "$window" 2>/dev/null || true
    [[ -z $screen ]] || kill "$screen" 2>/dev/null || true
    rm -rf "$work"
}
trap clean_up EXIT

# until_true SECONDS COMMAND...: fails when the time is up or the window is gone.
until_true() {
    local end=$((SECONDS + $1))
    shift
    until "$@"; do
        ((SECONDS < end)) || return 1
        kill -0 "$window" 2>/dev/null || return 1
        sleep 0.5
    done
}

screenshot() {
    import -window root "$artifacts/$1.png"
}

# An empty window, or one with a few lines of text, has few colors.
check_not_flat() {
    local colors
    colors=$(identify -format '%k' "$artifacts/$1.png")
    echo "smoke: $1.png has $colors colors"
    ((colors >= 64)) || fail "$1.png has only $colors colors: the window is empty"
}

lines_of() {
    { find "$work/checkpoints" -name "$1" -exec cat {} + 2>/dev/null || true; } | wc -l
}

trained() {
    (($(lines_of steps.jsonl) >= $1))
}

window_id() {
    { xdotool search --onlyvisible --name "^$title" 2>/dev/null || true; } | head -n 1
}

window_visible() {
    [[ -n $(window_id) ]]
}

drawn() {
    screenshot probe && (($(identify -format '%k' "$artifacts/probe.png") >= 64))
}

[[ -x $program ]] || { echo "smoke: $program is missing. Run: cargo build" >&2; exit 1; }
rm -rf "$artifacts"
mkdir -p "$artifacts" "$work/data" "$work/checkpoints" "$work/home"

# Xvfb picks a free display and writes its number.
Xvfb -displayfd 3 -screen 0 1440x900x24 -nolisten tcp 3>"$work/display" >"$artifacts/xvfb.log" 2>&1 &
screen=$!
for _ in {1..100}; do
    [[ -s $work/display ]] && break
    sleep 0.1
done
[[ -s $work/display ]] || fail "Xvfb did not start, see $artifacts/xvfb.log"
export DISPLAY=":$(<"$work/display")"
DISPLAY_READY=1

# A home folder of its own, so that saved settings of this user have no effect.
env -u WAYLAND_DISPLAY HOME="$work/home" XDG_DATA_HOME="$work/home/data" XDG_CONFIG_HOME="$work/home/config" \
    RUST_BACKTRACE=1 "$program" --data-dir "$work/data" --runs-dir "$work/checkpoints" -v >"$log" 2>&1 &
window=$!

until_true 120 window_visible || fail "no window with the title '$title'"
id=$(window_id)
xdotool windowfocus "$id"
until_true 60 drawn || fail "the window stays empty"
rm -f "$artifacts/probe.png"
sleep 2
screenshot start
check_not_flat start

# F5 trains on the open dataset. The first start generates and opens the sample dataset,
# so the key may come too early: it is pressed until there is a run folder.
run_started() {
    [[ -n $(find "$work/checkpoints" -mindepth 1 -maxdepth 1 -type d) ]]
}
press_and_check() {
    xdotool windowfocus "$id" key F5
    local _
    for _ in {1..20}; do
        run_started && return
        sleep 0.5
    done
    return 1
}
until_true 120 press_and_check || fail "F5 started no run"
until_true 300 trained 3 || fail "no step was trained"
before=$(lines_of steps.jsonl)
until_true 180 trained $((before + 2)) || fail "training stopped after $before steps"
sleep 3
screenshot training
check_not_flat training
echo "smoke: $(lines_of steps.jsonl) steps and $(lines_of epochs.jsonl) epochs were trained"

# Curves and masks change more pixels than a blinking cursor. (`compare` exits with 1 on
# any difference.)
differing=$(compare -metric AE "$artifacts/start.png" "$artifacts/training.png" null: 2>&1 || true)
differing=$(printf '%.0f' "${differing%% *}")
echo "smoke: $differing pixels differ"
((differing >= 5000)) || fail "the window looks the same while it trains"

# Stop first: closing the window during a run asks for confirmation.
stopped() {
    "$program" --data-dir "$work/data" --runs-dir "$work/checkpoints" --json runs | grep -q '"state":"stopped"'
}
xdotool windowfocus "$id" key shift+F5
until_true 120 stopped || fail "Shift+F5 does not stop the run"
sleep 1
xdotool windowfocus "$id" key ctrl+q
gone() {
    ! kill -0 "$window" 2>/dev/null
}
for _ in {1..120}; do
    gone && break
    sleep 0.5
done
gone || fail "Ctrl+Q does not close the window"
code=0
wait "$window" || code=$?
window=
((code == 0)) || fail "the program ended with exit code $code"
! grep -q 'panicked at' "$log" || fail "a thread panicked"
echo "smoke: the window opened, trained and closed; screenshots in $artifacts"
