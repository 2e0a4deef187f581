"""ONNX outputs: one more output for a graph, a tensor that it computes anyway. Needs no `onnx` package.

An ONNX file is a protobuf message, of which a later part is merged into an earlier one: a graph with nothing but an
output, appended to the file, adds that output (protobuf encoding guide, "Last One Wins"; onnx.proto has the numbers).
The graph's other outputs keep their bytes.
"""

from collections.abc import Iterator

_GRAPH, _OUTPUT, _NAME = 7, 12, 1  #: ModelProto.graph, GraphProto.output, ValueInfoProto.name
_NODE, _NODE_OUTPUT, _OP_TYPE = 1, 2, 4  #: GraphProto.node, NodeProto.output, NodeProto.op_type
_VARINT, _FIXED_64, _LENGTH_PREFIXED, _FIXED_32 = 0, 1, 2, 5  #: protobuf's wire types; the others are not in use


def with_extra_output(model: bytes, tensor: str) -> bytes:
    """The model with one of its tensors as its last output; b"" if it has no such tensor."""
    name = tensor.encode()
    return model + _field(_GRAPH, _field(_OUTPUT, _field(_NAME, name))) if name in model else b""


def outputs_of(model: bytes, op_type: str) -> list[str]:
    """The first output of each node of a type, in the graph's order.

    Raises:
        ValueError: it is no ONNX file.
    """
    try:
        graphs = [graph for number, graph in _fields(memoryview(model)) if number == _GRAPH]
        nodes = [dict(reversed(list(_fields(node)))) for graph in graphs for n, node in _fields(graph) if n == _NODE]
    except IndexError as error:
        raise ValueError("the file is cut off, or no ONNX file") from error
    return [bytes(node[_NODE_OUTPUT]).decode() for node in nodes if bytes(node.get(_OP_TYPE, b"")) == op_type.encode()]


def _fields(message: memoryview) -> Iterator[tuple[int, memoryview]]:
    """The number and the content of each field of a message."""
    at = 0
    while at < len(message):
        tag, at = _read_varint(message, at)
        length = {_FIXED_64: 8, _FIXED_32: 4}.get(tag & 7, 0)
        if tag & 7 == _LENGTH_PREFIXED:
            length, at = _read_varint(message, at)
        elif tag & 7 == _VARINT:
            length = _read_varint(message, at)[1] - at
        elif not length:
            raise ValueError(f"wire type {tag & 7} at byte {at}: no ONNX file")
        yield tag >> 3, message[at : at + length]
        at += length


def _read_varint(message: memoryview, at: int) -> tuple[int, int]:
    """The number that begins at a byte, and the byte behind it."""
    number = shift = 0
    while message[at] & 0x80:
        number |= (message[at] & 0x7F) << shift
        at, shift = at + 1, shift + 7
    return number | message[at] << shift, at + 1


def _field(number: int, content: bytes) -> bytes:
    return _varint(number << 3 | _LENGTH_PREFIXED) + _varint(len(content)) + content


def _varint(number: int) -> bytes:
    """A number in groups of seven bits, the lowest first."""
    groups = []
    while number > 0x7F:
        groups.append(number & 0x7F | 0x80)
        number >>= 7
    return bytes([*groups, number])
