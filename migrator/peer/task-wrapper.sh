#!/bin/sh
# Runs a program of another image when pgmoor's migrate task asks for it: the app's own, so that it builds its schema, or the
# app's embedded server, so that its data can be read.
#
#   sh task-wrapper.sh DEADLINE_SECONDS command|app|server -- PROGRAM [ARGUMENT]...
#
# DEADLINE_SECONDS count from the start of PROGRAM.
# command: PROGRAM builds the schema and ends.
# app:     PROGRAM is the app itself; migrate sees when it is ready and has it stopped.
# server:  PROGRAM is the embedded server, on a copy of its data; migrate has it stopped when it has read all.
#
# Only sh and coreutils are there to be used. The two tasks meet over files in $NOMAD_ALLOC_DIR/pgmoor, each written under
# another name and then moved, so that nobody reads half of one:
#
#   schema.hello   NONCE                                     ours: a new nonce for every run of this script
#   request        NONCE ATTEMPT skip|build|stop|abort       migrate's; with another nonce it is of an earlier run, and ignored
#   schema.answer  NONCE ATTEMPT built|skipped|failed CODE   ours
#
# Exit code: 0 built or skipped; otherwise the program's, or 1.
#
# When either task fails, Nomad ends the other one, and names the one that ended first. That has to be migrate, whose message
# says why: so this task waits, after its answer, until Nomad ends it.
set -u

case ${2-} in
  command | app | server) ;;
  *)
    echo "usage: task-wrapper.sh DEADLINE_SECONDS command|app|server -- PROGRAM [ARGUMENT]..." >&2
    exit 2
    ;;
esac
seconds=$1
kind=$2
shift 3

grace=10 # seconds that the program has to end by itself, and migrate after an answer that it failed
directory=$NOMAD_ALLOC_DIR/pgmoor
nonce=$(od -An -N16 -tx1 /dev/urandom | tr -d ' \n')
attempt=
child=

say() { printf 'schema: %s\n' "$*"; }

# The two tasks may run as different users: what is shared is open to both.
open_to_all() { (umask 0 && "$@"); }

write() { printf '%s\n' "$2" >"$1"; }

put() {
  open_to_all write "$directory/$1.$nonce" "$2" && mv -f "$directory/$1.$nonce" "$directory/$1"
}

pause() { sleep 0.1 2>/dev/null || sleep 1; }

alive() { kill -0 "$child" 2>/dev/null; }

# Goes to the program's process group where it has one of its own, else to it alone.
# Without "--" before a negative id: dash and busybox do not take it.
signal() { kill "-$1" "-$child" 2>/dev/null || kill "-$1" "$child" 2>/dev/null; }

# Asks the program, and all that it has started, to end; then makes them.
end_child() {
  [ -n "$child" ] || return 0
  signal TERM
  patience=$(($(date +%s) + grace))
  while signal 0; do
    if [ "$(date +%s)" -ge "$patience" ]; then
      say "the program did not end within $grace s of TERM: killed"
      signal KILL
      break
    fi
    pause
  done
  wait "$child" 2>/dev/null
  child=
}

# give_up CODE REASON: whatever happens, the peer is told and no program is left behind.
give_up() {
  trap '' TERM INT HUP
  say "$2"
  end_child
  [ -z "$attempt" ] || put schema.answer "$nonce $attempt failed $1"
}

# fail CODE REASON: gives up, and ends after migrate.
fail() {
  give_up "$1" "$2"
  code=$1
  [ "$code" -ne 0 ] || code=1
  [ -n "$attempt" ] || exit "$code"
  trap 'exit $code' TERM INT HUP
  say "migrate says why in its log: waiting for its end"
  patience=$(($(date +%s) + grace))
  while [ "$(date +%s)" -lt "$patience" ]; do pause; done
  exit "$code"
}
trap 'give_up 143 "stopped by a signal"; exit 143' TERM INT HUP

# What migrate asks of this very run; nothing yet is an empty verb.
look() {
  verb=
  [ -r "$directory/request" ] || return 0
  asked_nonce= asked_attempt= asked=
  read -r asked_nonce asked_attempt asked <"$directory/request" 2>/dev/null
  [ "$asked_nonce" = "$nonce" ] || return 0
  [ -z "$attempt" ] || [ "$asked_attempt" = "$attempt" ] || return 0
  attempt=$asked_attempt
  verb=$asked
}

in_time() {
  [ "$(date +%s)" -lt "$deadline" ] || fail 1 "the deadline has passed while waiting $1"
}

open_to_all mkdir -p "$directory" || { say "cannot write to $directory"; exit 1; }
put schema.hello "$nonce" || { say "cannot write to $directory"; exit 1; }
say "waiting for migrate"
while :; do
  look
  case $verb in
    skip)
      say "nothing to do"
      put schema.answer "$nonce $attempt skipped"
      exit 0
      ;;
    abort) fail 1 "migrate has failed, see its log" ;;
    build) break ;;
  esac
  # No deadline yet: migrate waits for the server as long as that takes, and when it fails, Nomad ends this task, too.
  pause
done
deadline=$(($(date +%s) + seconds))

say "attempt $attempt: starting $1"
# A process group of its own, so that what the program starts ends with it. Most images have setsid; job control is for the
# rest, as dash and busybox have none without a terminal.
if command -v setsid >/dev/null; then
  setsid "$@" </dev/null &
  child=$!
else
  set -m 2>/dev/null
  "$@" </dev/null &
  child=$!
  set +m 2>/dev/null
fi
while alive; do
  look
  case $verb in
    abort) fail 1 "migrate has failed, see its log" ;;
    stop)
      [ "$kind" != command ] || fail 1 "migrate asked to stop a command"
      say "migrate has what it needs: stopping $1"
      end_child
      put schema.answer "$nonce $attempt built"
      exit 0
      ;;
  esac
  in_time "for $1"
  pause
done

wait "$child"
code=$?
# What it has left running would go on writing during the copy.
end_child
if [ "$kind" = command ] && [ "$code" -eq 0 ]; then
  say "the schema is built"
  put schema.answer "$nonce $attempt built"
  exit 0
fi
fail "$code" "$1 ended with code $code before its work was done"
