# shellcheck shell=bash
# What ./dev, tools/check and tools/fuzz share. Sourced with the project's folder as the current one.

jobs=${PARLEY_JOBS:-$(nproc)}

# Our own C++ files: everything below these folders, built files excluded.
cxx_files() {
  local folders=() folder
  for folder in include src test examples fuzz bench; do
    [ ! -d $folder ] || folders+=("$folder")
  done
  find "${folders[@]}" -type f \( -name '*.cpp' -o -name '*.hpp' \) | sort
}

configure() { # preset, cmake arguments...
  local preset=$1 log=build/$1.configure.log
  shift
  mkdir -p build
  if ! cmake --preset "$preset" "$@" >"$log" 2>&1; then
    cat "$log" >&2
    echo "dev: configuring $preset failed; the whole output is in $log" >&2
    return 1
  fi
}

# Builds a preset. A terminal shows ninja's own line; elsewhere a line now and then, all warnings, and the first failure.
build() { # preset, targets...
  local preset=$1 log=build/$1.build.log targets=() pid seen='' now waited=0 status=0
  shift
  [ $# -eq 0 ] || targets=(--target "$@")
  if [ -t 1 ]; then
    cmake --build --preset "$preset" -j "$jobs" "${targets[@]}"
    return
  fi
  cmake --build --preset "$preset" -j "$jobs" "${targets[@]}" >"$log" 2>&1 &
  pid=$!
  # shellcheck disable=SC2064 # this process, now
  trap "kill $pid 2>/dev/null || true" INT TERM
  while kill -0 $pid 2>/dev/null; do
    sleep 0.2
    waited=$((waited + 1))
    if [ $((waited % 100)) -eq 0 ]; then
      now=$(grep -o '^\[[0-9]*/[0-9]*\]' "$log" | tail -n 1 || true)
      [ "$now" = "$seen" ] || printf 'building %s %s\n' "$preset" "$now"
      seen=$now
    fi
  done
  wait $pid || status=$?
  trap - INT TERM
  if [ $status -ne 0 ]; then
    sed -n '/^FAILED: /,$p' "$log" | head -n 60 >&2
    grep -q '^FAILED: ' "$log" || tail -n 30 "$log" >&2
    echo "dev: building $preset failed; the whole output is in $log" >&2
    return 1
  fi
  grep -A 6 'warning: ' "$log" | head -n 60 || true
}

run_ctest() { # preset, ctest arguments...
  local preset=$1
  shift
  ctest --test-dir "build/$preset" --output-on-failure -j "$jobs" "$@"
}
