# Prints `key<TAB>value` for each member of a JSON object, the value as it is written; exits with 1 if it is no object.

function fail() { bad = 1; at = size + 1 }

function peek() { return substr(json, at, 1) }

function space() { while (at <= size && index(" \t\r\n", peek())) at++ }

function string(    c) {
  for (at++; at <= size; at++) {
    c = peek()
    if (c == "\\") at++
    else if (c == "\"") { at++; return }
  }
  fail()
}

# An object or array; `top` prints its members.
function container(first, final, top,    from, key, c) {
  at++; space()
  if (peek() == final) { at++; return }
  while (at <= size) {
    if (first == "{") {
      space(); from = at
      if (peek() != "\"") return fail()
      string(); key = substr(json, from + 1, at - from - 2); space()
      if (peek() != ":") return fail()
      at++
    }
    space(); from = at; value()
    if (top && !bad) print key "\t" substr(json, from, at - from)
    space(); c = peek(); at++
    if (c == final) return
    if (c != ",") return fail()
  }
  fail()
}

function value(    c) {
  space(); c = peek()
  if (c == "\"") string()
  else if (c == "{") container("{", "}", 0)
  else if (c == "[") container("[", "]", 0)
  else if (match(substr(json, at, 40), /^(true|false|null|-?[0-9][0-9.eE+-]*)/)) at += RLENGTH
  else fail()
}

# A line break or tab between two values is as good as a blank; within strings there are none.
{ gsub(/\t/, " "); json = json $0 " " }

END {
  size = length(json); at = 1; space()
  if (peek() != "{") exit 1
  container("{", "}", 1); space()
  exit bad || at <= size
}
