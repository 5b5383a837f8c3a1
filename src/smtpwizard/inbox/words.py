"""What the place of a mail and the receiver's judgement mean: fact, cause, action. Pure."""

from __future__ import annotations

from collections.abc import Iterator

from smtpwizard.inbox.model import Authentication, Place

_CHECK = "`smtpwizard sender ADDRESS` shows the record, and what to publish."


def words(authentication: Authentication | None, place: Place = Place.INBOX) -> tuple[str, ...]:
    """Return sentences for a mail that was found; the one on its place first, where that is not the inbox."""
    return tuple(_words(authentication, place))


def _words(found: Authentication | None, place: Place) -> Iterator[str]:
    good = found is not None and found.dmarc == "pass"
    if place is Place.JUNK:
        yield "It lies in junk: people will not see it there. " + (
            "Sender and signature are proved, so it is the domain's or the server's standing, or the text: mark it as "
            "no junk, and let the domain send little at first."
            if good
            else "Make SPF, DKIM and DMARC pass first; then mark it as no junk."
        )
    elif place is Place.OTHER:
        yield (
            "It lies outside the inbox: a filter has moved it, or it went to its own sender. Look at the filters of "
            "the mailbox."
        )
    if found is None:
        yield "The receiving server does not say what it makes of the sender (no Authentication-Results)."
        return
    says = f"{found.server or 'The receiving server'} says: "
    yield says + ", ".join(f"{name} {word or 'not checked'}" for name, word in _rows(found)) + "."
    if good and found.spf in ("pass", "") and found.dkim in ("pass", ""):
        yield "The sender is proved to the receiver; nothing is to be done."
        return
    yield from (line for line in (_spf(found), _dkim(found), _dmarc(found)) if line)


def _rows(found: Authentication) -> tuple[tuple[str, str], ...]:
    dkim = found.dkim
    if found.signatures > 1:
        dkim = f"{dkim} (the best of {found.signatures} signatures)"
    if dkim and found.signer:
        dkim = f"{dkim} by {found.signer}"
    return (("SPF", found.spf), ("DKIM", dkim), ("DMARC", found.dmarc))


def _spf(found: Authentication) -> str:
    covered = " DKIM passes, which is enough for DMARC." if found.dkim == found.dmarc == "pass" else ""
    match found.spf:
        case "fail" | "softfail":
            return (
                f"SPF {found.spf}: the server that delivered the mail is not in the SPF record of the sender's domain. "
                f"Add the provider's include to that record, or send through the provider that is in it.{covered} "
                f"{_CHECK}"
            )
        case "none" | "neutral":
            return (
                f"SPF {found.spf}: the sender's domain does not say which servers send its mail. Publish an SPF record "
                f"with the provider's include.{covered} {_CHECK}"
            )
        case "permerror":
            return (
                "SPF permerror: the record cannot be used; it is written wrongly, there are two of them, or it takes "
                f"more than 10 look-ups (RFC 7208). Repair it.{covered} {_CHECK}"
            )
        case "temperror":
            return "SPF temperror: the receiver's look-up failed for the moment. Send another mail later."
        case _:
            return ""


def _dkim(found: Authentication) -> str:
    match found.dkim:
        case "fail" | "permerror" | "policy":
            return (
                f"DKIM {found.dkim}: the signature does not fit. The key in DNS is not the one that signs, or a server "
                "on the way has changed the mail. Compare the record with what the provider shows."
            )
        case "none" | "neutral":
            return (
                f"DKIM {found.dkim}: the mail carries no usable signature. Switch DKIM on at the provider, and publish "
                "the records that it shows."
            )
        case "temperror":
            return "DKIM temperror: the receiver could not fetch the key for the moment. Send another mail later."
        case _:
            return ""


def _dmarc(found: Authentication) -> str:
    match found.dmarc:
        case "fail":
            passed = [name for name, word in (("SPF", found.spf), ("DKIM", found.dkim)) if word == "pass"]
            if passed:
                return (
                    f"DMARC fail: {' and '.join(passed)} passes, but for another domain than the one in From. Verify "
                    "the sender's domain at the provider, so that it signs with that domain or bounces to it."
                )
            return (
                "DMARC fail: neither SPF nor DKIM proves the domain in From. With a policy of quarantine or reject "
                f"such mail goes to junk or is refused. Repair SPF or DKIM. {_CHECK}"
            )
        case "none" | "bestguesspass":
            return (
                f"DMARC {found.dmarc}: the sender's domain publishes no policy; Gmail and Yahoo ask for one from those "
                f"who send much. Publish `v=DMARC1; p=none` to begin with. {_CHECK}"
            )
        case "permerror":
            return f"DMARC permerror: the record is written wrongly. Repair it. {_CHECK}"
        case "temperror":
            return "DMARC temperror: the receiver's look-up failed for the moment. Send another mail later."
        case _:
            return ""
