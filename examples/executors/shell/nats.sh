# A client of NATS in bash: its text protocol over /dev/tcp. No TLS.
# https://docs.nats.io/reference/reference-protocols/nats-protocol

LC_ALL=C # lengths are bytes
trap '' PIPE # a connection that is lost is no reason to end

# --- connection: the descriptor `nats`, and an inbox below which replies arrive
connect_once() {
  local url=${NATS_URL:-nats://127.0.0.1:4222} host port auth= info
  url=${url#nats://}
  if [[ $url == *@* ]]; then
    auth=${url%@*} url=${url##*@}
    if [[ $auth == *:* ]]; then auth="\"user\":\"${auth%%:*}\",\"pass\":\"${auth#*:}\","; else auth="\"auth_token\":\"$auth\","; fi
  fi
  url=${url%%/*} host=${url%%:*} port=4222
  [[ $url == *:* ]] && port=${url##*:}
  { exec {nats}<>"/dev/tcp/$host/$port"; } 2>/dev/null || return 1
  IFS= read -r -t 5 -u "$nats" info || return 1
  held= inbox="_INBOX.$$.$BASHPID.$RANDOM$RANDOM" requests=0
  printf 'CONNECT {%s"verbose":false,"pedantic":false,"headers":true,"no_responders":true,"protocol":1,"lang":"bash","version":"1","name":"%s"}\r\n' \
    "$auth" "executor-$type" >&"$nats"
  subscribe "$inbox.>" 1
}

# Connect, however long it takes; `subscribe_all` says what else to listen to.
connect() {
  local wait=0.1
  until connect_once && subscribe_all && flush; do
    [[ ${nats:-} ]] && { exec {nats}>&-; } 2>/dev/null
    sleep "$wait"
    wait=1
  done
}

subscribe() { printf 'SUB %s %s\r\n' "$1" "$2" >&"$nats"; }

# publish SUBJECT BODY [REPLY [HEADERS]]: each header is a line that ends with \r\n.
publish() {
  if [[ ${4:-} ]]; then
    local head=$'NATS/1.0\r\n'$4$'\r\n'
    printf 'HPUB %s %s %d %d\r\n%s%s\r\n' "$1" "${3:-}" ${#head} $((${#head} + ${#2})) "$head" "$2" >&"$nats"
  else
    printf 'PUB %s %s %d\r\n%s\r\n' "$1" "${3:-}" ${#2} "$2" >&"$nats"
  fi
} 2>/dev/null

# receive SECONDS: the next message in `verb`, `subject`, `reply`, `header` and `body`.
# 0: there is one; 1: the connection is lost; 2: nothing came in time.
receive() {
  local line part size head=0 words
  verb= subject= reply= header= body=
  IFS= read -r -t "$1" -u "$nats" part
  case $? in
    0) line=$held${part%$'\r'} held= ;;
    1) return 1 ;;
    *) held+=$part; return 2 ;;
  esac
  read -r -a words <<<"$line"
  verb=${words[0]:-}
  case $verb in
    PING) printf 'PONG\r\n' >&"$nats"; return ;;
    MSG | HMSG) ;;
    -ERR) echo "nats: $line" >&2; return ;;
    *) return ;;
  esac
  subject=${words[1]} size=${words[${#words[@]} - 1]}
  if [[ $verb == HMSG ]]; then
    head=${words[${#words[@]} - 2]}
    ((${#words[@]} == 6)) && reply=${words[3]}
  else
    ((${#words[@]} == 5)) && reply=${words[3]}
  fi
  line=
  while ((${#line} < size + 2)); do
    IFS= read -r -t 30 -u "$nats" -N $((size + 2 - ${#line})) part || [[ $part ]] || return 1
    line+=$part
  done
  header=${line:0:head} body=${line:head:size-head}
}

# Wait until the server has all that was sent.
flush() {
  printf 'PING\r\n' >&"$nats" || return 1
  until [[ ${verb:-} == PONG ]]; do
    receive 5 || return 1
    [[ $verb == MSG || $verb == HMSG ]] && heard
  done
  verb=
}

# request SUBJECT BODY [HEADERS]: the reply in `answer`. Asked again for as long as it takes.
request() {
  local this
  while :; do
    this=$inbox.$((++requests))
    publish "$1" "$2" "$this" "${3:-}"
    while receive 5; do
      if [[ $subject != "$this" ]]; then
        [[ $verb == MSG || $verb == HMSG ]] && heard
      elif [[ $header == 'NATS/1.0 503'* ]]; then
        sleep 0.2 # nobody is there to answer
        continue 2
      else
        answer=$body
        return
      fi
    done
    # Lost, or silent for too long.
    { exec {nats}>&-; } 2>/dev/null
    connect
  done
}

# --- JetStream
error_code() { if [[ $answer =~ \"err_code\":([0-9]+) ]]; then echo "${BASH_REMATCH[1]}"; fi; }

# store SUBJECT BODY [HEADERS]: publish, and return once it is stored; 1 if what was expected of its subject is not so.
store() {
  while :; do
    request "$@"
    case $(error_code) in
      '') return ;;
      10071) return 1 ;;
      *) echo "$1 is not stored yet: $answer" >&2; sleep 1 ;;
    esac
  done
}

# last STREAM SUBJECT: the last message on a subject or pattern in `stored` and `stored_subject`; 1: there is none.
last() {
  request "\$JS.API.STREAM.MSG.GET.$1" "{\"last_by_subj\":\"$2\"}"
  [[ $answer =~ \"subject\":\"([^\"]+)\" ]] || return 1
  stored_subject=${BASH_REMATCH[1]} stored=
  if [[ $answer =~ \"data\":\"([^\"]+)\" ]]; then stored=$(base64 -d <<<"${BASH_REMATCH[1]}"); fi
}
