"""What passes a host's links, as an eavesdropper sees it (AF_PACKET; no tcpdump needed)."""

from __future__ import annotations

import socket
import struct
import threading
from typing import TYPE_CHECKING

from tests.hosts import namespace

if TYPE_CHECKING:
    from types import TracebackType

ETH_P_ALL = 0x0003
SOL_PACKET, PACKET_STATISTICS = 263, 6  # linux/if_packet.h
SO_RCVBUFFORCE = 33
BUFFER = 64 << 20
HEADER = 14  # Ethernet, also on lo
HALF = 1 << 31  # of TCP's sequence numbers

Flow = tuple[bytes, int, bytes, int]
"""Source address and port, destination address and port, of one direction of a TCP connection."""


class Capture:
    """Every frame that the host sends or receives while the ``with`` block runs, on all its links."""

    def __init__(self, host: str) -> None:
        self.frames: list[bytes] = []
        with namespace.inside(host):
            self._socket = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(ETH_P_ALL))
        self._socket.setsockopt(socket.SOL_SOCKET, SO_RCVBUFFORCE, BUFFER)
        self._socket.settimeout(0.05)
        self._stop = threading.Event()
        self._reader = threading.Thread(target=self._read, daemon=True)

    def __enter__(self) -> Capture:
        self._reader.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, _: BaseException | None, __: TracebackType | None) -> None:
        self._stop.set()
        self._reader.join()
        lost = struct.unpack("II", self._socket.getsockopt(SOL_PACKET, PACKET_STATISTICS, 8))[1]
        self._socket.close()
        if lost and kind is None:
            raise RuntimeError(f"the capture lost {lost} packets, so it proves nothing")

    def _read(self) -> None:
        """Collect frames until told to stop and nothing is left."""
        while True:
            stopping = self._stop.is_set()
            try:
                self.frames.append(self._socket.recv(1 << 18))
            except TimeoutError:
                if stopping:
                    return

    def __bytes__(self) -> bytes:
        return b"".join(self.frames)

    def __contains__(self, text: bytes) -> bool:
        """Say whether ``text`` passed in one frame, or across the segments of one TCP stream."""
        return any(text in frame for frame in self.frames) or any(text in data for data in self.streams().values())

    def streams(self) -> dict[Flow, bytes]:
        """Put each TCP stream together by sequence number; what was sent again counts once."""
        segments: dict[Flow, list[tuple[int, bytes]]] = {}
        for frame in self.frames:
            flow, sequence, data = _segment(frame)
            if flow and data:
                segments.setdefault(flow, []).append((sequence, data))
        return {flow: assemble(parts) for flow, parts in segments.items()}


def assemble(segments: list[tuple[int, bytes]]) -> bytes:
    """Join segments of one stream, given as (sequence number, payload), that may overlap, repeat or wrap."""
    first = segments[0][0]
    placed = sorted(((number - first + HALF) % (2 * HALF) - HALF, data) for number, data in segments)
    stream, end = bytearray(), placed[0][0]
    for start, data in placed:
        stream += data[max(0, end - start) :]
        end = max(end, start + len(data))
    return bytes(stream)


def _segment(frame: bytes) -> tuple[Flow | None, int, bytes]:
    """Return flow, sequence number and payload of a TCP frame; no flow for any other frame."""
    packet = frame[HEADER:]
    if packet[:1] and packet[0] >> 4 == 4 and len(packet) > 20 and packet[9] == socket.IPPROTO_TCP:
        size, end = (packet[0] & 15) * 4, int.from_bytes(packet[2:4], "big")
        source, target = packet[12:16], packet[16:20]
    elif packet[:1] and packet[0] >> 4 == 6 and len(packet) > 40 and packet[6] == socket.IPPROTO_TCP:
        size, end = 40, 40 + int.from_bytes(packet[4:6], "big")
        source, target = packet[8:24], packet[24:40]
    else:
        return None, 0, b""
    segment = packet[size : end or None]
    source_port, target_port, sequence = struct.unpack_from("!HHI", segment)
    return (source, source_port, target, target_port), sequence, segment[(segment[12] >> 4) * 4 :]
