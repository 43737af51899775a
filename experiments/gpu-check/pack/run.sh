#!/usr/bin/env bash
# Checks and times the engine of this folder's program on this machine, beside the CPU engine and, where Python has it, PyTorch.
# Needs no network. Ends within eight minutes.
#
#     ./run.sh [RESULTS]
#
# RESULTS (by default the folder `results` beside this script) then holds table.md and results.json, and for every part the lines
# that it found (PART.ENGINE.jsonl) and what it said (PART.ENGINE.log). ASSAY_PYTHON names the Python that is asked for PyTorch, python3
# if it is not set; ASSAY_SHARE shortens every part to so many hundredths.
set -uo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
results=${1:-$here/results}
program=$here/bin/assay-gpu-check
engine=$(<"$here/engine")
share=${ASSAY_SHARE:-$(<"$here/share")}
python=${ASSAY_PYTHON:-python3}
# Seconds from now in which everything has to end.
whole=470

mkdir -p "$results" || exit 1
rm -f "$results"/*.jsonl "$results"/*.log "$results"/table.md "$results"/results.json
say() { printf '%4d s  %s\n' "$SECONDS" "$*" >&2; }

pytorch=$("$python" -c 'import torch; print(torch.__version__)' 2>/dev/null) || pytorch=
if [[ -n $pytorch ]]; then
    say "PyTorch $pytorch is the baseline"
else
    say "no PyTorch in $python: its column is left out (ASSAY_PYTHON may name another Python)"
fi

# The kernels of burn's CUDA backend are compiled here and now by NVRTC, which needs CUDA's headers. Where CUDA is not installed,
# both come with PyTorch's own packages.
if [[ $engine == burn-cuda ]]; then
    if ! nvidia-smi >"$results/nvidia-smi.txt" 2>&1; then
        say "nvidia-smi fails: this needs NVIDIA's driver. It said: $(head -n 1 "$results/nvidia-smi.txt")"
        exit 1
    fi
    packages=$("$python" -c 'import glob, site
for folder in site.getsitepackages() + [site.getusersitepackages()]:
    print("\n".join(sorted(glob.glob(folder + "/nvidia/*"))))' 2>/dev/null)
    mapfile -t packages <<<"$packages"
    folders=("${CUDA_PATH:-}" /usr/local/cuda /usr/local/cuda-13* /opt/cuda "${packages[@]}")
    for folder in "${folders[@]}"; do
        if [[ -n $folder && -e $folder/include/cuda_runtime.h ]]; then
            export CUDA_PATH=$folder
            break
        fi
    done
    for folder in "${folders[@]}"; do
        for libraries in "$folder/lib64" "$folder/lib"; do
            if [[ -n $folder ]] && compgen -G "$libraries/libnvrtc.so*" >/dev/null; then
                export LD_LIBRARY_PATH=$libraries${LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH}
                break 2
            fi
        done
    done
    say "CUDA's headers: ${CUDA_PATH:-not found}; libraries: ${LD_LIBRARY_PATH:-those of the system}"
fi

# in_time SECONDS NAME COMMAND…: runs it with what it says in NAME.log, and no longer than there is time.
in_time() {
    local seconds=$1 name=$2 left=$((whole - SECONDS))
    shift 2
    if ((left < 10)); then
        echo "no time was left" >>"$results/$name.log"
        say "$name: no time is left"
        return
    fi
    # Beyond its own limit it may finish what it has begun.
    ((seconds = seconds + 10 < left ? seconds + 10 : left))
    say "$name"
    timeout --kill-after=5 "$seconds" "$@" >>"$results/$name.log" 2>&1
    local code=$?
    case $code in
        0) ;;
        124 | 137) say "$name was stopped: its time was up" ;;
        *) say "$name failed with code $code: $(tail -n 1 "$results/$name.log")" ;;
    esac
}

# part NAME ENGINE SECONDS
part() {
    local limit=$(($3 * share / 100))
    : >"$results/$1.$2.jsonl"
    if [[ $2 == pytorch ]]; then
        in_time "$limit" "$1.$2" "$python" "$here/pytorch.py" "$1" "$results/networks" "$limit" "$results/$1.$2.jsonl"
    else
        in_time "$limit" "$1.$2" "$program" measure "$1" --engine "$2" --data "$here/data" --seconds "$limit" \
            --output "$results/$1.$2.jsonl"
    fi
}

part oracles "$engine" 60
part oracles cpu 15
if [[ -n $pytorch ]]; then
    in_time 30 networks "$program" networks --data "$here/data" --output "$results/networks"
fi
part kappa "$engine" 70
part kappa cpu 40
[[ -z $pytorch ]] || part kappa pytorch 35
part training "$engine" 75
part training cpu 35
[[ -z $pytorch ]] || part training pytorch 35
part proxies "$engine" 35
part proxies cpu 15
rm -rf "$results/networks"

"$program" table "$results" || exit 1
say "the table is in $results/table.md, all figures in $results/results.json"
