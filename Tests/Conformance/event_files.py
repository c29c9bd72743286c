"""A small writer of TensorBoard's event files, so that the tests need neither TensorFlow nor torch."""

import struct


def crc_table():
    table = []
    for value in range(256):
        for _ in range(8):
            value = value >> 1 ^ 0x82F63B78 if value & 1 else value >> 1
        table.append(value)
    return table


CRC_TABLE = crc_table()


def masked_crc(data):
    crc = 0xFFFFFFFF
    for byte in data:
        crc = crc >> 8 ^ CRC_TABLE[(crc ^ byte) & 0xFF]
    crc ^= 0xFFFFFFFF
    return ((crc >> 15 | crc << 17) + 0xA282EAD8) & 0xFFFFFFFF


def record(content):
    length = struct.pack("<Q", len(content))
    return length + struct.pack("<I", masked_crc(length)) + content + struct.pack("<I", masked_crc(content))


def varint(number):
    number &= 2**64 - 1
    data = b""
    while number >= 0x80:
        data += bytes([number & 0x7F | 0x80])
        number >>= 7
    return data + bytes([number])


def part(field, content):
    content = content.encode() if isinstance(content, str) else content
    return varint(field << 3 | 2) + varint(len(content)) + content


def integer(field, number):
    return varint(field << 3) + varint(number)


def double(field, number):
    return varint(field << 3 | 1) + struct.pack("<d", number)


def event(wall_time, content=b"", step=0):
    return record(double(1, wall_time) + integer(2, step) + content)


def version(wall_time):
    return event(wall_time, part(3, "brain.Event:2"))


def scalar(tag, number, wall_time, step=0):
    """What torch and TensorFlow 1 write."""
    value = part(1, tag) + varint(2 << 3 | 5) + struct.pack("<f", number)
    return event(wall_time, part(5, part(1, value)), step)


def tensor(tag, number, wall_time, step=0):
    """What TensorFlow 2 writes: a tensor with its bytes, for the plugin of scalars."""
    content = integer(1, 1) + part(2, b"") + part(4, struct.pack("<f", number))
    value = part(1, tag) + part(8, content) + part(9, part(1, part(1, "scalars")))
    return event(wall_time, part(5, part(1, value)), step)


def image(tag, wall_time):
    return event(wall_time, part(5, part(1, part(1, tag) + part(4, b""))))


def hyperparameters(values, wall_time, group=""):
    start = b"".join(part(1, part(1, key) + part(2, wire_value(value))) for key, value in values.items())
    data = part(3, start + part(4, group))
    value = part(1, "_hparams_/session_start_info") + part(9, part(1, part(1, "hparams") + part(2, data)))
    return event(wall_time, part(5, part(1, value)))


def wire_value(value):
    if isinstance(value, bool):
        return integer(4, value)
    return part(3, value) if isinstance(value, str) else double(2, value)
