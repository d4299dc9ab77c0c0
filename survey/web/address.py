"""Whose requests count together: one address, or one IPv6 network, since a host owns all of it."""

from ipaddress import IPv6Address, ip_address, ip_network

from flask import request


def visitor_address() -> str:
    """Return the address that limits count against; behind proxies, as many as are trusted."""
    return counted_as(request.remote_addr or "")


def counted_as(address: str) -> str:
    """Return an IPv4 address as it is, and an IPv6 address as its /64 network.

    Parameters
    ----------
    address : str
        An address, or anything a proxy may have written in its place.
    """
    try:
        parsed = ip_address(address)
    except ValueError:
        return address
    if not isinstance(parsed, IPv6Address):
        return address
    if parsed.ipv4_mapped:
        return str(parsed.ipv4_mapped)
    return str(ip_network((int(parsed), 64), strict=False))
