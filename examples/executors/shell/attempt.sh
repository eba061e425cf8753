# One work item, in a process and over a connection of its own: from its delivery until it is settled.

MOST_DELIVERIES=5 # executors that may vanish with an item before it is given up
ENDS=' complete failed cancelled timed_out '

now() { echo "${EPOCHREALTIME:-$(date +%s)}"; }

# `key<TAB>value` of a JSON object.
members() { awk -f "$here/json.awk" <<<"$1"; }

member() { members "$1" | while IFS=$'\t' read -r key value; do [[ $key != "$2" ]] || echo "$value"; done; }

unquoted() { local text=$1; ((${#text} < 2)) || echo "${text:1:${#text}-2}"; }

# What else arrives: word of a cancelled run. That the block has ended is seen by whoever is woken.
heard() { [[ $subject != control.* ]] || reason=${reason:-cancel}; }

settle() {
  publish "$ack" "$1"
  flush
  exit
}

# attempt SUBJECT REPLY HEADER BODY
attempt() {
  local item_subject=$1 ack=$2 item_header=$3 item_body=$4 tokens first parsed key value headers= base
  local reason= scratch= delivered sequence stored_at main=$nats main_inbox=$inbox
  local -A work
  # Wakes the process that pulls: there is a place.
  trap 'rm -rf "$scratch"; printf "PUB %s.settled 0\r\n\r\n" "$main_inbox" >&"$main"' EXIT
  trap 'reason=${reason:-leave}; [[ ! $nats ]] || printf "PING\r\n" >&"$nats"' TERM
  nats=
  IFS=. read -r -a tokens <<<"$ack"
  first=4
  ((${#tokens[@]} > 9)) && first=6
  delivered=${tokens[first]} sequence=${tokens[first + 1]} stored_at=$((tokens[first + 3] / 1000000000))
  IFS=. read -r -a tokens <<<"$item_subject"
  local namespace=${tokens[3]} run=${tokens[4]} task=${tokens[5]} number=${tokens[6]}
  subscribe_all() { subscribe "control.$namespace.$run.cancel" 2; }
  connect
  parsed=$(members "$item_body") || refuse message.invalid "the work item is no JSON"
  while IFS=$'\t' read -r key value; do work[$key]=$value; done <<<"$parsed"
  [[ ${work[v]:-} == 1 ]] || refuse message.unknown_version "version ${work[v]//[^0-9.]/}"
  local output_subject error_subject
  output_subject=$(unquoted "${work[output_subject]:-}") error_subject=$(unquoted "${work[error_subject]:-}")
  [[ $output_subject && $error_subject ]] || refuse message.invalid "the work item does not say where its outcome goes"
  base=${output_subject%".block.$task.output"}
  if [[ $item_header =~ traceparent:\ *([^$'\r']+) ]]; then headers="traceparent: ${BASH_REMATCH[1]}"$'\r\n'; fi
  started_at=$(now)
  # Whoever cancels a run removes its work first, then says so: from now on we hear it.
  request '$JS.API.STREAM.MSG.GET.WORK' "{\"seq\":$sequence}"
  [[ $(error_code) == 10037 ]] && settle +ACK
  run_it
}

run_it() {
  if ((delivered > MOST_DELIVERIES)) && (($(vanished) >= MOST_DELIVERIES)); then
    failed '{"code":"executor.lost","message":"The work was handed to an executor too often without an outcome; it is given up."}'
  fi
  is_leftover && settle +ACK
  if [[ ${work[deferred]:-[]} != '[]' ]]; then
    failed '{"code":"block.config_invalid","message":"This executor is plain: it can not resolve what the config refers to."}'
  fi
  if [[ ${work[idempotent]:-true} == false ]] && ! claim; then
    failed '{"code":"executor.lost","message":"Another executor began this attempt, and the block may not run twice."}'
  fi
  local pid left deadline=$((SECONDS + ${work[timeout]%%.*} + 1)) code value
  scratch=$(mktemp -d)
  set -m # a process group of its own, to be stopped as a whole
  (
    trap - EXIT TERM
    block "${work[config]}" >"$scratch/out"
    echo $? >"$scratch/code.part"
    mv "$scratch/code.part" "$scratch/code"
    # Its end is a message to ourselves, so that there is one thing to wait for.
    printf 'PUB %s.done 0\r\n\r\n' "$inbox" >&"$nats"
  ) &
  pid=$!
  set +m
  while [[ ! $reason && ! -e $scratch/code ]]; do
    left=$((deadline - SECONDS))
    ((left > 0)) || { reason=timeout; break; }
    receive $((left < 3 ? left : 3))
    case $? in
      0) [[ $verb != *MSG ]] || heard ;;
      1) { exec {nats}>&-; } 2>/dev/null; connect ;;
    esac
    publish "$ack" +WPI
  done
  [[ ! $reason ]] || kill -KILL -- "-$pid" 2>/dev/null
  wait "$pid" 2>/dev/null
  case $reason in
    cancel) settle +ACK ;;
    leave) hand_back ;;
    timeout) failed "{\"code\":\"block.timeout\",\"message\":\"The attempt took longer than its timeout of ${work[timeout]} s.\",\"retryable\":true}" ;;
  esac
  code=$(<"$scratch/code") value=$(<"$scratch/out")
  if ((code == 2)); then
    failed "$value"
  elif ((code)) || [[ ! $value ]]; then
    failed '{"code":"block.failed","message":"The block ended with an error; the log of the executor has more.","retryable":true}'
  elif ((${#value} > 65536)) || [[ $value == '{"$payload":'* ]] || is_deep "$value"; then
    failed '{"code":"payload.too_large","message":"This executor stores no large values."}'
  fi
  conclude "$output_subject" "\"output\":$value"
}

# Whether JSON is nested too deep for those who read it in a message.
is_deep() {
  awk '{
    gsub(/\\./, ""); gsub(/"[^"]*"/, "")
    for (i = 1; i <= length($0); i++) {
      c = substr($0, i, 1)
      if (index("[{", c)) { if (++depth > deepest) deepest = depth } else if (index("]}", c)) depth--
    }
  } END { exit deepest <= 150 }' <<<"$1"
}

# Only what is stored is acknowledged: if this process dies before, another one gets the item.
conclude() {
  store "$1" "{\"v\":1,\"task\":\"$task\",\"attempt\":$number,$2,\"started_at\":$started_at,\"ended_at\":$(now),\"executor\":\"$name\"}" "$headers"
  settle +ACK
}

failed() { conclude "$error_subject" "\"error\":$1"; }

hand_back() {
  publish "payload.$namespace.$run.handed-back:$task:$number.$delivered" '{}'
  settle -NAK
}

# Whether nobody waits for this attempt any more: it has an outcome, or a later one has, or the run is over.
is_leftover() {
  local decided=${work[decided_at]%%.*}
  ((delivered > 1 || stored_at - decided > 1)) || [[ ${work[again]:-false} == true ]] || return 1
  if last HISTORY "$base.block.$task.*" && (($(member "$stored" attempt) >= number)); then return; fi
  is_over
}

is_over() { ! last HISTORY "$base.*" || [[ $ENDS == *" ${stored_subject##*.} "* ]]; }

# How many executors had the item and did not give it back.
vanished() {
  request '$JS.API.STREAM.INFO.PAYLOADS' "{\"subjects_filter\":\"payload.$namespace.$run.handed-back:$task:$number.*\"}"
  echo $((delivered - 1 - $(grep -o 'handed-back:[^"]*":' <<<"$answer" | wc -l)))
}

claim() {
  local subject_=$base.block.$task.claimed.$number token=$$.$BASHPID.$RANDOM$RANDOM$RANDOM
  if ! store "$subject_" "{\"v\":1,\"executor\":\"$name\",\"token\":\"$token\"}" $'Nats-Expected-Last-Subject-Sequence: 0\r\n'; then
    # Ours, if the acknowledgement of an earlier try was lost.
    last HISTORY "$subject_" && [[ $stored == *"\"$token\""* ]] || return 1
  fi
  ! is_over
}

# Tell the run that waits for it, keep the item for people, and take it off the queue.
refuse() {
  local at
  echo "a work item is refused: $2" >&2
  local error="{\"code\":\"$1\",\"message\":\"$2\"}"
  at=$(now)
  if last HISTORY "history.*.$namespace.*.$run.start"; then
    store "${stored_subject%.start}.block.$task.error" \
      "{\"v\":1,\"task\":\"$task\",\"attempt\":$number,\"error\":$error,\"started_at\":$at,\"ended_at\":$at,\"executor\":\"$name\"}"
  fi
  store "dead.WORK.$sequence.$1" "{\"v\":1,\"stream\":\"WORK\",\"subject\":\"$item_subject\",\"sequence\":$sequence,\"error\":$error,\"body\":\"$(printf %s "${item_body:0:524288}" | base64 | tr -d '\n')\",\"encoding\":\"base64\",\"size\":${#item_body},\"at\":$stored_at}"
  settle "+TERM $1"
}
