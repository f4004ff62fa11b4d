"""Host names and addresses of this machine: what a browser in the LAN may have typed."""

import socket
from ipaddress import IPv4Address, IPv6Address, ip_address

import ifaddr

Address = IPv4Address | IPv6Address
ELSEWHERE = ("198.51.100.1", 9)  # an address that belongs to nobody (RFC 5737): asked for its route, sent nothing


def names() -> list[str]:
    """Its host names, lower case; the one by which phones find it without a name server (`.local`) among them."""
    host = socket.gethostname().lower()
    found = {host, socket.getfqdn().lower(), "localhost"}
    if host and "." not in host:
        found.add(f"{host}.local")
    return sorted(name for name in found if name and not _is_address(name))


def addresses() -> list[Address]:
    """Every address of its network cards and of itself. Link-local IPv6 ones cannot be typed into a browser."""
    texts = [ip.ip if isinstance(ip.ip, str) else ip.ip[0] for card in ifaddr.get_adapters() for ip in card.ips]
    found = {ip_address(text.partition("%")[0]) for text in texts}
    return sorted((ip for ip in found if ip.version == 4 or not ip.is_link_local), key=lambda ip: (ip.version, ip))


def main_address() -> str:
    """The IPv4 address by which others in the LAN most likely reach it; loopback's where it has no other."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(ELSEWHERE)
            return str(probe.getsockname()[0])
        except OSError:  # no way out of this network, which need not have one
            pass
    return next((str(ip) for ip in addresses() if ip.version == 4 and not ip.is_loopback), "127.0.0.1")


def _is_address(text: str) -> bool:
    try:
        ip_address(text)
    except ValueError:
        return False
    return True
