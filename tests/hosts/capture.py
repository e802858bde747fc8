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
        """Put each TCP stream together: by sequence number, repeated segments once, gaps closed up."""
        segments: dict[Flow, dict[int, bytes]] = {}
        for frame in self.frames:
            flow, sequence, data = _segment(frame)
            if flow and data:
                known = segments.setdefault(flow, {})
                known[sequence] = max(known.get(sequence, b""), data, key=len)
        return {flow: b"".join(part for _, part in sorted(parts.items())) for flow, parts in segments.items()}


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
