if [[ "${1:-}" == finish ]]; then
    finish
    exit
fi

at_once="${1:-1}"
if ! [[ "$at_once" =~ ^[1-9][0-9]*$ ]]; then
    echo "how many tasks run at one time is a number, not $at_once" >&2
    exit 2
fi
job=shell
stop=

# Runs one task, if its run is not finished.
run() {
    set_task "$1" || return
    if [[ -e "$folder/runs/$run/summary.json" ]]; then
        return 0
    fi
    note "$1" begun "$(hostname)"
    child=
    trap 'kill -TERM "$child" 2>/dev/null' TERM
    attend >>"$folder/logs/task-$1.txt" 2>&1
    case "$code" in
    0) note "$1" "done" "$code" ;;
    130) note "$1" ended "$code" ;;
    *) note "$1" failed "$code" ;;
    esac
    echo "task $1 of {{COUNT}} ended with $code: $folder/logs/task-$1.txt"
    return "$code"
}

# Tells the tasks that run to stop.
pass_on() {
    stop=yes
    local pid
    for pid in $(jobs -p); do
        kill -TERM "$pid" 2>/dev/null
    done
}

# Ctrl-C reaches the tasks too: each stops after the measurements in flight, and none begins. A kill is passed on.
trap 'stop=yes' INT
trap pass_on TERM
for ((task = 1; task <= {{COUNT}}; task++)); do
    while [[ -z "$stop" ]] && (($(jobs -rp | wc -l) >= at_once)); do
        wait -n
    done
    if [[ -n "$stop" ]]; then
        break
    fi
    run "$task" &
done
while [[ -n "$(jobs -rp)" ]]; do
    wait
done
if [[ -n "$stop" ]]; then
    echo "Stopped. What was measured is kept; run this script again to go on."
    exit 130
fi
left=0
for ((task = 1; task <= {{COUNT}}; task++)); do
    set_task "$task"
    [[ -e "$folder/runs/$run/summary.json" ]] || left=$((left + 1))
done
if ((left > 0)); then
    echo "$left of {{COUNT}} tasks are not finished. Their logs are in $folder/logs; run this script again to go on." >&2
    exit 1
fi
finish
