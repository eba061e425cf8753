"""JetStream's API, as far as Gnatwork uses it."""

from base64 import b64encode
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

import orjson

from gnatwork_schemas import header_names
from support.sim.consumers import Consumer, new_pins
from support.sim.messages import Message, direct, rfc3339, status
from support.sim.pulls import Pulls
from support.sim.streams import RefusedError, Stored, Stream

if TYPE_CHECKING:  # the server has the API and the API the server
    from support.sim.server import Server

_MANY = 1024


class Api:
    """Answers requests to `$JS.API.…`."""

    def __init__(self, server: "Server") -> None:
        self._server = server
        self._verbs: dict[str, Callable[[list[str], dict[str, Any]], dict[str, Any]]] = {
            "STREAM.CREATE": self._create_stream,
            "STREAM.UPDATE": self._update_stream,
            "STREAM.INFO": self._stream_info,
            "STREAM.PURGE": self._purge,
            "STREAM.MSG.GET": self._get,
            "STREAM.MSG.DELETE": self._delete,
            "CONSUMER.CREATE": self._create_consumer,
            "CONSUMER.INFO": self._consumer_info,
        }

    def request(self, subject: str, data: bytes, reply: str) -> None:
        """Answer one request."""
        body: dict[str, Any] = orjson.loads(data) if data else {}
        if subject == "INFO":
            self.answer(reply, {"api": {"level": 4}})
        elif subject.startswith("DIRECT.GET."):
            self._direct(self._server.streams[subject.split(".")[2]], body, reply)
        elif subject.startswith("CONSUMER.MSG.NEXT."):
            self._next(subject.split(".")[3:], body, reply)
        else:
            verb = next(verb for verb in self._verbs if subject.startswith(f"{verb}."))
            try:
                answer = self._verbs[verb](subject.removeprefix(f"{verb}.").split("."), body)
            except RefusedError as error:
                answer = error.answer
            self.answer(reply, answer)

    def answer(self, reply: str, body: Mapping[str, Any]) -> None:
        """Send an answer, if one is wanted."""
        if reply:
            self._server.send(Message(reply, orjson.dumps(body)))

    def _stream(self, name: str) -> Stream:
        try:
            return self._server.streams[name]
        except KeyError:
            raise RefusedError(404, 10059, "stream not found") from None

    def _create_stream(self, names: list[str], body: dict[str, Any]) -> dict[str, Any]:
        if names[0] not in self._server.streams:
            self._server.streams[names[0]] = Stream(body)
        return self._stream_info(names, {})

    def _update_stream(self, names: list[str], body: dict[str, Any]) -> dict[str, Any]:
        self._stream(names[0]).config = body
        return self._stream_info(names, {})

    def _stream_info(self, names: list[str], _body: dict[str, Any]) -> dict[str, Any]:
        stream = self._stream(names[0])
        state = {
            "messages": len(stream.messages),
            "first_seq": stream.first_sequence,
            "last_seq": stream.last_sequence,
            "num_subjects": len(stream.by_subject),
        }
        return {"config": stream.config, "state": state}

    def _purge(self, names: list[str], body: dict[str, Any]) -> dict[str, Any]:
        purged = self._stream(names[0]).purge(body.get("filter", ">"), body.get("seq"))
        return {"success": True, "purged": purged}

    def _get(self, names: list[str], body: dict[str, Any]) -> dict[str, Any]:
        stream = self._stream(names[0])
        stored = stream.last(body["last_by_subj"]) if "last_by_subj" in body else stream.messages.get(body["seq"])
        if stored is None:
            raise RefusedError(404, 10037, "no message found")
        return {"message": _as_json(stored)}

    def _delete(self, names: list[str], body: dict[str, Any]) -> dict[str, Any]:
        stream = self._stream(names[0])
        if not stream.remove(body["seq"]):
            why = "stream store EOF" if body["seq"] > stream.last_sequence else "no message found"
            raise RefusedError(500, 10057, why)
        return {"success": True}

    def _create_consumer(self, names: list[str], body: dict[str, Any]) -> dict[str, Any]:
        stream, name, server = self._stream(names[0]), names[1], self._server
        found = server.consumers.get((stream.name, name))
        if found is None:
            pulls = Pulls(
                body["config"],
                later=server.later,
                now=server.loop.time,
                send=server.send,
                has_interest=server.interest.exists,
                new_pin=new_pins(name),
            )
            consumer = Consumer(stream, body["config"], pulls, server.loop.time, server.later, server.send)
            pulls.wake = consumer.pump
            server.consumers[stream.name, name] = consumer
        else:
            found.config = body["config"]
        return self._consumer_info(names, {})

    def _consumer_info(self, names: list[str], _body: dict[str, Any]) -> dict[str, Any]:
        consumer = self._server.consumers.get((names[0], names[1]))
        if consumer is None:
            raise RefusedError(404, 10014, "consumer not found")
        pending = len(consumer.stream.after(consumer.config["filter_subject"], consumer.next_sequence))
        return {
            "config": consumer.config,
            "delivered": {"consumer_seq": consumer.next_number - 1},
            "ack_floor": {"stream_seq": consumer.floor},
            "num_ack_pending": len(consumer.pending),
            "num_pending": pending,
        }

    def _next(self, names: list[str], body: dict[str, Any], reply: str) -> None:
        consumer = self._server.consumers.get((names[0], names[1]))
        if consumer is None:
            self._server.send(status(reply, 503, ""))
        elif consumer.pulls.add(reply, body):
            consumer.pump()

    def _direct(self, stream: Stream, body: dict[str, Any], reply: str) -> None:
        if "multi_last" in body:
            self._direct_multi(stream, body, reply)
        elif "batch" in body:
            found = stream.after(body["next_by_subj"], body.get("seq", 0))
            self._direct_batch(stream, found, body["batch"], reply)
        else:
            if "last_by_subj" in body:
                stored = stream.last(body["last_by_subj"])
            elif "next_by_subj" in body:
                stored = next(iter(stream.after(body["next_by_subj"], body.get("seq", 0))), None)
            else:
                stored = stream.messages.get(body["seq"])
            nothing = status(reply, 404, "Message Not Found")
            self._server.send(direct(reply, stream.name, stored) if stored else nothing)

    def _direct_multi(self, stream: Stream, body: dict[str, Any], reply: str) -> None:
        last = {stored.subject: stored for pattern in body["multi_last"] for stored in stream.after(pattern, 0)}
        found = sorted(last.values())
        if len(found) > _MANY:
            self._server.send(status(reply, 413, "Too Many Results"))
        elif found:
            self._direct_batch(stream, found, body.get("batch", len(found)), reply)
        else:
            self._server.send(status(reply, 404, "No Results"))

    def _direct_batch(self, stream: Stream, found: list[Stored], batch: int, reply: str) -> None:
        if not found:
            self._server.send(status(reply, 404, "Message Not Found"))
            return
        previous, pending = 0, len(found)
        for stored in found[:batch]:
            pending -= 1
            self._server.send(direct(reply, stream.name, stored, pending=pending, previous=previous))
            previous = stored.sequence
        more = {header_names.BATCH_PENDING: pending, header_names.BATCH_PREVIOUS: previous}
        self._server.send(status(reply, 204, "EOB", more))


def _as_json(stored: Stored) -> dict[str, Any]:
    body: dict[str, Any] = {"subject": stored.subject, "seq": stored.sequence, "time": rfc3339(stored.at)}
    if stored.data:
        body["data"] = b64encode(stored.data).decode()
    if stored.headers:
        block = "NATS/1.0\r\n" + "".join(f"{name}: {value}\r\n" for name, value in stored.headers.items()) + "\r\n"
        body["hdrs"] = b64encode(block.encode()).decode()
    return body
