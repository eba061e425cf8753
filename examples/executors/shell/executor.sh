# An executor in bash: takes work items of one block type and has each run by a process of its own. What it does and why
# is told in docs/reference/protocol.md, section by section. It needs bash 4.3 or newer, awk, base64 and coreutils.
#
# Whoever sources this sets `type` and `entry`, the fields of the catalogue's entry, and has a function `block` that gets
# the config as JSON and prints the output as JSON; with exit status 2 it prints an error instead.

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
. "$here/nats.sh"

LANES='high normal low'
PLACES=8 # items at once, and up to two more
name=$(hostname)-$$

pull() {
  local lane
  for lane in $LANES; do
    if [[ ! ${asked[$lane]} ]] && (($(jobs -rp | wc -l) < PLACES)); then
      asked[$lane]=1
      publish "\$JS.API.CONSUMER.MSG.NEXT.WORK.exec-$type-$lane" '{"batch":1,"expires":30000000000}' "$inbox.pull.$lane"
    fi
  done
}

# A work item, or the server's word that a pull is over; anything else only wakes us.
heard() {
  local lane
  if [[ $reply == '$JS.ACK.'* ]]; then
    lane=${subject#block.*.} lane=${lane%%.*}
    asked[$lane]=
    if [[ $leaving ]]; then
      give_back "$subject" "$reply"
    else
      attempt_apart "$subject" "$reply" "$header" "$body" &
    fi
  elif [[ $subject == "$inbox.pull."* ]]; then
    [[ $header == 'NATS/1.0 40'[48]* ]] || sleep 0.5
    asked[${subject##*.}]=
  fi
}

# `heard` means something else in there.
attempt_apart() {
  . "$here/attempt.sh"
  attempt "$@"
}

# An item that came too late: hand it back, with a note that it did no harm.
give_back() {
  local tokens item first=4
  IFS=. read -r -a item <<<"$1"
  IFS=. read -r -a tokens <<<"$2"
  ((${#tokens[@]} > 9)) && first=6
  publish "payload.${item[3]}.${item[4]}.handed-back:${item[5]}:${item[6]}.${tokens[first]}" '{}'
  publish "$2" -NAK
}

# Take no more, give what runs some time, then have it handed back.
leave() {
  local deadline=$((SECONDS + ${GNATWORK_DRAIN:-5}))
  printf 'UNSUB 1\r\n' >&"$nats"
  flush
  while [[ $(jobs -rp) ]] && ((SECONDS < deadline)); do sleep 0.2; done
  [[ ! $(jobs -rp) ]] || kill -TERM $(jobs -rp)
  wait
  store "\$KV.gnatwork_state.executor.$key" '' $'KV-Operation: DEL\r\nNats-TTL: 60s\r\n'
}

# Say that this process lives, and what it hosts; without that it counts as gone after a minute.
lease() {
  store "\$KV.gnatwork_state.executor.$key" \
    "{\"v\":1,\"executor\":\"$name\",\"started_at\":$started_at,\"blocks\":{\"$type\":\"1\"}}" $'Nats-TTL: 60s\r\n'
  leased_until=$((SECONDS + 20))
}

subscribe_all() { :; }

make_consumers() {
  local lane consumer config
  for lane in $LANES; do
    consumer=exec-$type-$lane
    config="{\"name\":\"$consumer\",\"durable_name\":\"$consumer\",\"filter_subject\":\"block.$type.$lane.>\",\"deliver_policy\":\"all\",\"ack_policy\":\"explicit\",\"ack_wait\":10000000000,\"max_deliver\":-1,\"max_ack_pending\":10000}"
    while request "\$JS.API.CONSUMER.INFO.WORK.$consumer" '' && [[ $(error_code) ]]; do
      request "\$JS.API.CONSUMER.CREATE.WORK.$consumer" "{\"stream_name\":\"WORK\",\"config\":$config}"
      [[ ! $(error_code) ]] || sleep 0.5 # the first scheduler makes the streams
    done
  done
}

host() {
  declare -gA asked=([high]= [normal]= [low]=)
  leaving= started_at=$(date +%s) leased_until=0 key=$(od -An -N16 -tx1 /dev/urandom | tr -d ' \n')
  connect
  make_consumers
  lease
  store "\$KV.gnatwork_state.catalogue.$type" "{\"v\":1,\"type\":\"$type\",\"plain\":true,$entry}"
  # A signal interrupts no read, so the server is asked for an answer that does.
  trap 'leaving=1; printf "PING\r\n" >&"$nats"' TERM INT
  echo "hosting $type" >&2
  while [[ ! $leaving ]]; do
    ((SECONDS < leased_until)) || lease
    pull
    # Pulls are answered after 30 s at the latest.
    if receive 60; then
      [[ $verb != *MSG ]] || heard
    else
      { exec {nats}>&-; } 2>/dev/null
      asked=([high]= [normal]= [low]=)
      connect
    fi
  done
  leave
}
