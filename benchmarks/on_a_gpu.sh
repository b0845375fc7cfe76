#!/usr/bin/env bash
# What only a GPU can tell, for the tables of RESULTS.md:
#
#     benchmarks/on_a_gpu.sh DATA_DIR OUT_DIR [STEP...]
#
# The steps, by default all of them in this order: doctor tests loss bf16 step accuracy fast paper confirm. They take 40
# minutes on an H100 at most: each has a limit of its own, in seconds, and a log in OUT_DIR, the end of which is printed.
# Runs that a limit stops go on if the step is given again. Nothing runs if the doctor finds that something is missing,
# since a machine that is lent by the minute should not spend them on that.
set -u
data=$1 out=$2
shift 2
cd "$(dirname "$0")/.." || exit
export PYTHONUNBUFFERED=1 PYTHONPATH=$PWD COLUMNS=160
mkdir -p "$out"

limited() {
  local name=$1 seconds=$2 status=0
  shift 2
  timeout "$seconds" "$@" >"$out/$name.log" 2>&1 || status=$?
  echo "== $name ended with $status after $SECONDS s"
  tail -15 "$out/$name.log"
  return $status
}

needs="import hypothesis, lightly, pytest; from alphadsl.extras import require; require('a GPU', 'train')
from runner.records.code import code_version; code_version()" # the version of the package, which a checkout that is not installed lacks
ours=("dense compiled" "streaming compiled" compiled)
cifar=(--dataset cifar10 --data-dir "$data")
[ $# -gt 0 ] || set -- doctor tests loss bf16 step accuracy fast paper confirm
for step; do
  case $step in
    doctor)
      limited needs 60 python3 -c "$needs" || exit
      limited doctor 60 python3 -m alphadsl doctor || exit
      ;;
    tests) limited tests 120 python3 -m pytest -q -p no:cacheprovider -m "not slow" --few tests/backend tests/runner/training ;;
    loss) limited loss 150 python3 benchmarks/loss_sizes.py --device cuda --anchors 1024 4096 16384 65536 \
      --dense-upto 16384 --contenders "${ours[@]}" lightly products ;;
    bf16) limited bf16 120 python3 benchmarks/loss_sizes.py --device cuda --dtype bfloat16 --anchors 4096 16384 65536 \
      --dense-upto 16384 --contenders "${ours[@]}" products ;;
    step) limited step 120 python3 benchmarks/train_step.py --device cuda --encoder resnet18 --width 64 --batch 512 \
      --threads 4 --workers 14 --rounds 2 ;;
    fast) limited fast 330 python3 -m alphadsl train infonce "${cifar[@]}" --recipe fast \
      --runs-dir "$out/fast" --resume ;;
    paper) limited paper 570 python3 -m alphadsl train infonce direct entropy inverse square quadratic "${cifar[@]}" \
      --recipe paper --precision bf16 --epochs 10 --runs-dir "$out/paper" --resume ;;
    confirm) limited confirm 570 python3 -m alphadsl confirm discovered_softplus direct --against infonce --seeds 7 \
      "${cifar[@]}" --recipe fast --epochs 5 --runs-dir "$out/confirm" --studies-dir "$out/studies" ;;
    accuracy) limited accuracy 150 python3 benchmarks/accuracy.py --device cuda --compile --backends dense streaming \
      --samples 17 --taus 0.5 --no-peers ;;
    *) echo "there is no step $step" && exit 2 ;;
  esac
done
