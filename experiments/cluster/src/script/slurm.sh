if [[ "${1:-}" == finish ]]; then
    finish
    exit
fi

task="${SLURM_ARRAY_TASK_ID:?is set by Slurm: submit this script with sbatch, or give it the argument finish}"
job="${SLURM_ARRAY_JOB_ID}_$task"
set_task "$task" || exit
if [[ -e "$folder/runs/$run/summary.json" ]]; then
    exit 0
fi
note "$task" begun "$(hostname)"
# Before the time limit Slurm tells this shell alone. Where a job is cancelled, pre-empted or requeued, it tells every process.
child=
told=
trap 'told=limit; kill -TERM "$child" 2>/dev/null' USR1
trap 'told=end' TERM
attend
case "$told:$code" in
*:0)
    note "$task" "done" "$code"
    ;;
limit:*)
    note "$task" paused "$code"
    scontrol requeue "$job"
    ;;
end:*)
    note "$task" ended "$code"
    ;;
*:2 | *:3)
    # A wrong command line and missing data do not mend themselves.
    note "$task" failed "$code"
    ;;
*)
    note "$task" failed "$code"
    if (($(grep -c " failed [0-9]* ${SLURM_ARRAY_JOB_ID}_" "$folder/events/$task.txt") <= {{RETRIES}})); then
        scontrol requeue "$job"
    fi
    ;;
esac
exit "$code"
