"""How much an evaluation may take."""

#: Bytes of source text, all expressions of one evaluation together.
SOURCE = 256 * 1024
#: Bytes of the values that an expression sees, as JSON.
VALUES = 8 * 1024 * 1024
#: Bytes of the result, as JSON.
RESULT = 8 * 1024 * 1024
#: Levels of arrays and objects in the result: what reads messages takes 200, and they stand some levels deep in those.
DEPTH = 150
#: Bytes that JavaScript may allocate.
HEAP = 128 * 1024 * 1024
#: Bytes of the stack that it may use; an ordinary thread has eight times as much.
STACK = 1024 * 1024
#: Bytes of address space of a worker process.
ADDRESS_SPACE = 768 * 1024 * 1024
#: Seconds that an evaluation may compute, unless it is given another figure.
TIMEOUT = 5.0
#: Seconds that it may take beyond its time before its process is killed: loops inside native functions do not end by
#: themselves, and a busy machine lends no whole CPU.
GRACE = 0.5
#: Characters of a thrown message that are told.
MESSAGE = 1000
