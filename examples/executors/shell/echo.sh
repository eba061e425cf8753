#!/usr/bin/env bash
# A block type that yields what it is told to, the one that the conformance suite asks for, and its executor.

type=echo-sh
entry='"title":"Echo in bash","summary":"Yields what it is told to.","category":"examples","config_schema":{"type":"object","required":["do"],"properties":{"do":{"enum":["echo","fail","sleep","describe","large"]}}},"output_schema":true'

. "$(dirname "$0")/executor.sh"

# Prints the output; with status 2, an error.
block() {
  local -A config
  local key value
  while IFS=$'\t' read -r key value; do config[$key]=$value; done < <(members "$1")
  case ${config[do]} in
    '"echo"') echo "${config[value]:-null}" ;;
    '"sleep"') sleep "${config[seconds]}"; echo "${config[value]:-null}" ;;
    '"describe"') echo "{\"run_id\":\"$run\",\"task\":\"$task\",\"attempt\":$number,\"idempotency_key\":${work[idempotency_key]}}" ;;
    '"large"') printf '"%*s"' "${config[bytes]}" '' | tr ' ' x ;;
    '"fail"')
      echo "{\"code\":${config[code]},\"message\":${config[message]},\"retryable\":${config[retryable]:-false},\"retry_after\":${config[retry_after]:-null},\"details\":${config[details]:-null}}"
      return 2
      ;;
    *)
      echo '{"code":"block.config_invalid","message":"`do` is one of echo, fail, sleep, describe, large."}'
      return 2
      ;;
  esac
}

host
