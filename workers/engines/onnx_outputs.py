"""ONNX outputs: one more output for a graph, a tensor that it computes anyway. Needs no `onnx` package.

An ONNX file is a protobuf message, of which a later part is merged into an earlier one: a graph with nothing but an
output, appended to the file, adds that output (protobuf encoding guide, "Last One Wins"; onnx.proto has the numbers).
The graph's other outputs keep their bytes.
"""

_GRAPH, _OUTPUT, _NAME = 7, 12, 1  #: ModelProto.graph, GraphProto.output, ValueInfoProto.name
_LENGTH_PREFIXED = 2  #: protobuf's wire type of messages and strings


def with_extra_output(model: bytes, tensor: str) -> bytes:
    """The model with one of its tensors as its last output; b"" if it has no such tensor."""
    name = tensor.encode()
    return model + _field(_GRAPH, _field(_OUTPUT, _field(_NAME, name))) if name in model else b""


def _field(number: int, content: bytes) -> bytes:
    return _varint(number << 3 | _LENGTH_PREFIXED) + _varint(len(content)) + content


def _varint(number: int) -> bytes:
    """A number in groups of seven bits, the lowest first."""
    groups = []
    while number > 0x7F:
        groups.append(number & 0x7F | 0x80)
        number >>= 7
    return bytes([*groups, number])
