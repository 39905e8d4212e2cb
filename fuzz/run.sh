#!/usr/bin/env bash
# Builds the fuzz targets on the stable toolchain and runs each for some seconds (first argument, 20 by default) on
# seeds from the flight data, where they are, two at a time. A panic, a time-out of 10 s on one input, or more memory than stated
# ends it with an error and leaves the input in fuzz/artifacts. Target image-FORMAT is `image` on the seeds of FORMAT.
set -euo pipefail
cd "$(dirname "$0")"
if ! command -v c++ >/dev/null; then
  echo "SKIPPED fuzzing: no C++ compiler to build libFuzzer with"
  exit 0
fi
seconds="${1:-20}"
shift || true
targets=("$@")
formats=(pds3 pds4 fits vicar envi cube tiff picture)
[ ${#targets[@]} -gt 0 ] || targets=(kernels mesh frame camera accumulator "${formats[@]/#/image-}")
data="${FACULA_DATA:-$PWD/../../shared/data}"
host="$(rustc -vV | sed -n 's/^host: //p')"
export CARGO_TARGET_DIR="${CARGO_TARGET_DIR:-${XDG_CACHE_HOME:-$HOME/.cache}/facula-target}/fuzz"
# What cargo-fuzz passes, without the sanitizers of the nightly toolchain: the code has no unsafe blocks for them.
coverage="-Cpasses=sancov-module -Cllvm-args=-sanitizer-coverage-level=4"
coverage+=" -Cllvm-args=-sanitizer-coverage-inline-8bit-counters -Cllvm-args=-sanitizer-coverage-pc-table"
RUSTFLAGS="--cfg fuzzing $coverage" cargo build --quiet --release --target "$host" --bins

seed() { # target files…: copies seeds of at most 1.5 MB into the corpus
  local corpus="$CARGO_TARGET_DIR/corpus/$1"
  shift
  mkdir -p "$corpus"
  for file in "$@"; do
    if [ -f "$file" ] && [ "$(stat -c %s "$file")" -le 1500000 ]; then
      cp "$file" "$corpus/$(sha256sum "$file" | cut -c1-16)"
    fi
  done
}
seed kernels "$data"/kernels-mixed/* "$data"/dawn-ceres-survey/*.{xsp,xc,tf,tpc,ti,tls,tsc} "$data"/kernels/*.tpc
seed mesh "$data"/vesta-approach/*.obj "$data"/kernels-mixed/*.bds
seed frame "$data"/dawn-ceres-survey/*.lbl "$data"/frames/* "$data"/*/*.json
seed camera "$data"/*/expected_isd*.json ../crates/facula-geometry/data/cameras/*.toml
for format in "${formats[@]}"; do
  seed "image-$format" corpus/"$format"/*
done
seed accumulator corpus/accumulator/*
seed image-pds3 "$data"/dawn-ceres-survey/*.lbl "$data"/frames/*.lbl
seed image-fits "$data"/frames/m*.fit
seed image-cube "$data"/frames/*.cub
run() { # target: fuzzes it and says what came of it
  local target="$1" binary="${1%%-*}"
  mkdir -p "$CARGO_TARGET_DIR/corpus/$target" artifacts
  if "$CARGO_TARGET_DIR/$host/release/$binary" "$CARGO_TARGET_DIR/corpus/$target" -max_total_time="$seconds" \
    -timeout=10 -rss_limit_mb=1500 -max_len=1500000 -artifact_prefix=artifacts/"$target"- -verbosity=1 \
    >"$CARGO_TARGET_DIR/$target.log" 2>&1; then
    sed -n "s/^Done \([0-9]*\) runs.*/fuzz $target for $seconds s: \1 inputs, nothing found/p" "$CARGO_TARGET_DIR/$target.log"
  else
    tail -25 "$CARGO_TARGET_DIR/$target.log"
    printf 'fuzz %s: FAILED\n' "$target"
    return 1
  fi
}
export -f run
export host seconds
printf '%s\0' "${targets[@]}" | xargs -0 -n 1 -P 2 bash -c 'run "$0"'
