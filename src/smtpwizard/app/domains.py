"""Mail domains by their looks: public mailbox providers, and names that stand for "your domain" in a guide."""

from __future__ import annotations

from typing import Final

_FREEMAIL: Final = """
gmail.com googlemail.com yahoo.com yahoo.co.jp yahoo.co.uk yahoo.de yahoo.fr ymail.com rocketmail.com aol.com
outlook.com hotmail.com hotmail.co.uk hotmail.fr live.com msn.com windowslive.com icloud.com me.com mac.com
gmx.com gmx.net gmx.de gmx.at gmx.ch web.de t-online.de freenet.de orange.fr free.fr laposte.net libero.it
proton.me protonmail.com pm.me mail.ru inbox.ru list.ru bk.ru yandex.ru yandex.com ya.ru
qq.com foxmail.com 163.com 126.com yeah.net sina.com naver.com daum.net hanmail.net kakao.com nate.com
docomo.ne.jp ezweb.ne.jp softbank.ne.jp comcast.net zohomail.com
"""
FREEMAIL: Final = frozenset(_FREEMAIL.split())
"""Domains in which anybody has a mailbox, so that no relay may sign for them."""

_EXAMPLES: Final = frozenset({"yourdomain.com", "your-domain.com", "mydomain.com", "domain.com", "company.com"})
_RESERVED: Final = ("example", "invalid", "test", "localhost", "example.com", "example.net", "example.org")
"""RFC 2606 and RFC 6761: nobody can own these, nor what is below them."""
_BELOW: Final = tuple(f".{domain}" for domain in _RESERVED)


def is_freemail(domain: str) -> bool:
    """Say whether `domain` belongs to a public mailbox provider."""
    return domain.lower() in FREEMAIL


def is_placeholder(domain: str) -> bool:
    """Say whether `domain` comes from a guide or is reserved for examples."""
    name = domain.lower()
    return name in _EXAMPLES or name in _RESERVED or name.endswith(_BELOW)
