set -u
cd {{DIRECTORY}} || exit 1
# The experiment files hold every setting.
unset "${!ASSAY_SET_@}"
assay={{PROGRAM}}
folder={{FOLDER}}

# Sets the command of a task, and the folder of the run that it makes.
set_task() {
    case "$1" in
{{TASKS}}
    *)
        echo "there is no task $1" >&2
        return 2
        ;;
    esac
}

# Keeps what happens to a task, for assay status.
note() {
    printf '%s %s %s %s\n' "$(date -u +%Y-%m-%dT%H:%M:%SZ)" "$2" "$3" "$job" >>"$folder/events/$1.txt"
}

# Runs the command. What is told to this shell alone, the command is told too; a signal ends the waiting, not the command.
attend() {
    "${command[@]}" &
    child=$!
    wait "$child"
    code=$?
    while ((code > 128)) && kill -0 "$child" 2>/dev/null; do
        wait "$child"
        code=$?
    done
}

# Merges what was split, and reports.
finish() {
{{FINISH}}
}
