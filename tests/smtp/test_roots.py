"""Roots that are kept decide as all roots decoded do; nothing that lies beside them is ever trusted."""

from __future__ import annotations

import datetime
import marshal
import os
import shutil
import ssl
import stat
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import NamedTuple

import certifi
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.name import _ASN1Type
from cryptography.x509.oid import NameOID

from smtpwizard import files
from smtpwizard.errors import MachineError
from smtpwizard.smtp import roots
from smtpwizard.smtp.certificate import subject

HOUR = 3600 * 10**9
DAY = datetime.timedelta(days=1)
NOW = datetime.datetime.now(datetime.UTC)


class Identity(NamedTuple):
    """A certificate, its key, and who signed it."""

    certificate: x509.Certificate
    key: ec.EllipticCurvePrivateKey

    @property
    def pem(self) -> str:
        return self.certificate.public_bytes(serialization.Encoding.PEM).decode()


def name(common: str, kind: _ASN1Type | None = None) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common, kind)])


def identity(
    subject: x509.Name, signer: Identity | None = None, *, ca: bool | None = True, ends: datetime.timedelta = 9 * DAY
) -> Identity:
    """Make a certificate; without `signer` it signs itself, with `ca` None it says nothing of being an authority."""
    key = ec.generate_private_key(ec.SECP256R1())
    builder = x509.CertificateBuilder(
        signer.certificate.subject if signer else subject, subject, key.public_key(), x509.random_serial_number(),
        NOW - 99 * DAY, NOW + ends,
    )  # fmt: skip
    if ca is not None:
        builder = builder.add_extension(x509.BasicConstraints(ca, None), critical=True)
    return Identity(builder.sign(signer.key if signer else key, hashes.SHA256()), key)


@pytest.fixture(scope="module")
def world() -> dict[str, Identity]:
    """Authorities and what they signed. `twin` has the name of `root`, and `other` is in no file of roots."""
    made = {
        "root": identity(name("The  Root")),
        "twin": identity(name("the root ")),
        "unplain": identity(name("Főtanúsítvány")),
        "expired": identity(name("Expired root"), ends=-DAY),
        "other": identity(name("Another root")),
        "alone": identity(name("mail.example.com"), ca=None),
    }
    made["between"] = identity(name("Between"), made["root"])
    made |= {f"by {signer}": identity(name("mail.example.com"), made[signer], ca=False) for signer in list(made)}
    made["past"] = identity(name("mail.example.com"), made["root"], ca=False, ends=-DAY)
    return made


IN_FILE = ("root", "twin", "unplain", "expired")


@pytest.fixture
def bundle(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, world: dict[str, Identity]) -> Path:
    """A file of roots, an hour old, and a cache of its own."""
    file = tmp_path / "cacert.pem"
    file.write_text("# roots\n\n" + "\n# next\n".join(world[key].pem for key in IN_FILE))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setattr(roots, "path", lambda: str(file))
    now = time.time_ns
    monkeypatch.setattr(files.time, "time_ns", lambda: now() + HOUR)
    fresh()
    return file


def fresh() -> None:
    """Forget what this process knows of kept roots, as a new one."""
    roots._opened.clear()
    roots._decoded.clear()
    roots._reading = None


@pytest.fixture(autouse=True)
def as_a_process_begins() -> Iterator[None]:
    fresh()
    yield
    fresh()


def kept() -> Path:
    """Keep the roots, as a first run does, and return the folder."""
    fresh()
    roots.context()
    roots.keep()
    fresh()
    found = roots._kept(roots.path())
    assert found is not None
    return Path(found.folder)


def lazily(made: ssl.SSLContext) -> bool:
    return made.sslobject_class is not ssl.SSLObject


def verdict(made: ssl.SSLContext, *chain: Identity) -> int:
    """Return OpenSSL's verdict on a server's chain: 0, or its X509_V_ERR."""
    made.check_hostname = False
    made.verify_flags = ssl.VERIFY_X509_TRUSTED_FIRST
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    private = chain[0].key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    file = Path(os.environ["XDG_CACHE_HOME"]).with_name("server.pem")
    file.write_text(private.decode() + "".join(item.pem for item in chain))
    server.load_cert_chain(file)
    there, back = ssl.MemoryBIO(), ssl.MemoryBIO()
    sides = [made.wrap_bio(back, there), server.wrap_bio(there, back, server_side=True)]
    done: set[int] = set()
    for turn in range(20):
        try:
            sides[turn % 2].do_handshake()
        except ssl.SSLWantReadError:
            continue
        except ssl.SSLCertVerificationError as error:
            assert turn % 2 == 0
            return error.verify_code
        done.add(turn % 2)
        if done == {0, 1}:
            return 0
    raise AssertionError("no end of the handshake")


CHAINS = (
    ("by root",),
    ("by between", "between"),
    ("by between",),
    ("by twin",),
    ("by unplain",),
    ("by expired",),
    ("by other",),
    ("by other", "other"),
    ("by root", "other"),
    ("past",),
    ("alone",),
    ("root",),
    ("by alone", "alone"),
)
AUTHORITIES: tuple[tuple[str, ...], ...] = (
    (),
    ("other",),
    ("alone",),
    ("root",),
    ("twin",),
    ("expired",),
    ("between",),
)


@pytest.mark.parametrize("own", AUTHORITIES, ids=lambda own: "+".join(own) or "none")
def test_kept_roots_decide_every_chain_as_all_roots_do(
    bundle: Path, world: dict[str, Identity], own: tuple[str, ...]
) -> None:
    authorities = tuple(world[key].pem for key in own)

    def verdicts(one_context: bool) -> list[int]:
        shared = roots.context(authorities)
        return [
            verdict(shared if one_context else roots.context(authorities), *(world[key] for key in chain))
            for chain in CHAINS
        ]

    expected = verdicts(False)
    assert {0, 10, 20} <= {*expected}
    kept()
    assert lazily(roots.context(authorities)) is (not {"root", "twin", "expired"} & {*own})
    assert verdicts(False) == expected
    assert verdicts(True) == expected


@pytest.mark.parametrize(
    "text",
    [
        "",
        "nonsense",
        "-----BEGIN CERTIFICATE-----\nnonsense",
        "-----BEGIN CERTIFICATE-----\nbm9uc2Vuc2U=\n-----END CERTIFICATE-----\n",
        "-----BEGIN CERTIFICATE-----\n!\n-----END CERTIFICATE-----\n",
        "-----BEGIN TRUSTED CERTIFICATE-----\nbm9uc2Vuc2U=\n-----END TRUSTED CERTIFICATE-----\n",
        "{other}{other}",
        "{other}\n# and\n{alone}",
        "{other}-----BEGIN CERTIFICATE-----\nnonsense",
        "{unplain}",
        "{t61}",
    ],
)
def test_what_cannot_be_read_of_an_authority_changes_no_verdict(
    bundle: Path, world: dict[str, Identity], text: str
) -> None:
    t61 = identity(name("The Root", _ASN1Type.T61String))
    known = {key: item.pem for key, item in world.items()}
    authorities = (text.format(**known, t61=t61.pem),)
    expected = [verdict(roots.context(authorities), *(world[key] for key in chain)) for chain in CHAINS]
    kept()
    assert [verdict(roots.context(authorities), *(world[key] for key in chain)) for chain in CHAINS] == expected


def test_nothing_is_decoded_but_what_is_asked_for(bundle: Path, world: dict[str, Identity]) -> None:
    folder = kept()
    made = roots.context()
    assert made.cert_store_stats()["x509"] == 1, "the one whose name is not plain"
    assert verdict(made, world["by root"]) == 0
    assert made.cert_store_stats()["x509"] == 3, "and both of that name"
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert {stat.S_IMODE(file.stat().st_mode) for file in folder.iterdir()} == {0o600}


def test_each_of_mozillas_roots_lies_where_openssl_looks_for_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if shutil.which("openssl") is None:
        pytest.skip("openssl is not installed")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setattr(roots, "path", certifi.where)
    folder = kept()
    plain = [file for file in folder.iterdir() if file.name not in (roots._LIST, roots._REST)]
    assert len(plain) > 100
    looked_in = tmp_path / "rehashed"  # a link to each file, where OpenSSL looks for it
    looked_in.mkdir()
    for file in plain:
        shutil.copyfile(file, looked_in / f"{file.name}.pem")
    subprocess.run(["openssl", "rehash", str(looked_in)], check=True)
    links = {os.readlink(link): link.name for link in looked_in.iterdir() if link.is_symlink()}
    assert len(links) == len(plain)
    for file in plain:
        assert file.name.partition(".")[0] == links[f"{file.name}.pem"].partition(".")[0]
    unplain = folder.joinpath(roots._REST).read_text("ascii").count("BEGIN")
    assert len(plain) + unplain == Path(certifi.where()).read_text("utf-8").count("BEGIN CERT")


@pytest.mark.parametrize(
    "attributes",
    [
        [(NameOID.COMMON_NAME, " Two  blanks, UPPER and lower ", None)],
        [(NameOID.ORGANIZATION_NAME, "x" * 64, None), (NameOID.ORGANIZATIONAL_UNIT_NAME, "y" * 64, None)] * 3,
        [(NameOID.EMAIL_ADDRESS, "Root@Example.com", None), (NameOID.COUNTRY_NAME, "DE", None)],
        [(NameOID.DOMAIN_COMPONENT, "example", None), (NameOID.COMMON_NAME, "a", _ASN1Type.PrintableString)],
    ],
)
def test_plain_subjects_are_hashed_as_openssl_does(
    tmp_path: Path, attributes: list[tuple[x509.ObjectIdentifier, str, _ASN1Type | None]]
) -> None:
    if shutil.which("openssl") is None:
        pytest.skip("openssl is not installed")
    parts = [x509.NameAttribute(oid, value, kind) for oid, value, kind in attributes]
    for whole in (x509.Name(parts), x509.Name([x509.RelativeDistinguishedName({*parts[:2]})])):
        made = identity(whole)
        (tmp_path / "a.pem").write_text(made.pem)
        done = subprocess.run(
            ["openssl", "x509", "-noout", "-subject_hash", "-in", str(tmp_path / "a.pem")],
            capture_output=True, text=True, check=True,
        )  # fmt: skip
        found = subject(ssl.PEM_cert_to_DER_cert(made.pem))
        assert found is not None
        digest = hashes.Hash(hashes.SHA1())
        digest.update(found)
        assert digest.finalize()[3::-1].hex() == done.stdout.strip()


@pytest.mark.parametrize("kind", [_ASN1Type.BMPString, _ASN1Type.T61String, _ASN1Type.UniversalString])
def test_a_subject_of_rare_strings_is_not_plain(kind: _ASN1Type) -> None:
    assert subject(ssl.PEM_cert_to_DER_cert(identity(name("plain", kind)).pem)) is None
    assert subject(b"no certificate") is None


def open_to_others(folder: Path) -> None:
    folder.chmod(0o770)


def above_open_to_others(folder: Path) -> None:
    folder.parent.chmod(0o777)


def list_open_to_others(folder: Path) -> None:
    (folder / roots._LIST).chmod(0o602)


def without_list(folder: Path) -> None:
    (folder / roots._LIST).unlink()


def broken_list(folder: Path) -> None:
    (folder / roots._LIST).write_bytes(b"\xff\xff")


def link_in_its_place(folder: Path) -> None:
    folder.rename(folder.parent / "elsewhere")
    folder.symlink_to(folder.parent / "elsewhere")


def file_in_its_place(folder: Path) -> None:
    shutil.rmtree(folder)
    folder.write_text("")


@pytest.mark.parametrize(
    "change",
    [
        open_to_others, above_open_to_others, list_open_to_others, without_list, broken_list, link_in_its_place,
        file_in_its_place, shutil.rmtree,
    ],
)  # fmt: skip
def test_a_folder_that_may_not_be_ours_or_is_not_whole_does_not_count(
    bundle: Path, world: dict[str, Identity], change: Callable[[Path], None]
) -> None:
    change(kept())
    fresh()
    made = roots.context()
    assert not lazily(made)
    assert (verdict(made, world["by root"]), verdict(made, world["by other"])) == (0, 20)


def test_a_folder_of_another_user_does_not_count(bundle: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    kept()
    monkeypatch.setattr(files.os, "geteuid", lambda: os.getuid() + 1)
    fresh()
    assert not lazily(roots.context())


def hashed(item: Identity) -> str:
    found = subject(ssl.PEM_cert_to_DER_cert(item.pem))
    assert found is not None
    digest = hashes.Hash(hashes.SHA1())
    digest.update(found)
    return digest.finalize()[3::-1].hex()


def listed_too(folder: Path, new: Path) -> None:
    """Enter a file in the list, as somebody would who has read the source."""
    path = folder / roots._LIST
    *head, names, subjects, unplain = marshal.loads(path.read_bytes())
    names[new.name] = files.stamp(str(new))
    path.write_bytes(marshal.dumps((*head, names, subjects, unplain)))


@pytest.mark.parametrize("in_list", [False, True])
@pytest.mark.parametrize("place", ["a file of its own", "the file of another root", "those that are not plain"])
def test_an_authority_that_somebody_put_there_is_never_trusted(
    bundle: Path, world: dict[str, Identity], place: str, in_list: bool
) -> None:
    folder = kept()
    if place == "a file of its own":
        new = folder / f"{hashed(world['other'])}.0"
    elif place == "the file of another root":
        new = folder / f"{hashed(world['root'])}.0"
    else:
        new = folder / roots._REST
    with new.open("a") as file:
        file.write(world["other"].pem)
    if place == "the file of another root":  # OpenSSL trusts all that a file holds, once it was opened
        os.link(new, folder / f"{hashed(world['other'])}.0")
    if in_list:
        listed_too(folder, new)
    fresh()
    made = roots.context()
    if place == "those that are not plain":
        assert not lazily(made), "there are more than were written"
        assert verdict(made, world["by other"]) == 20
        return
    with pytest.raises(MachineError, match="was changed by something else"):
        verdict(made, world["by other"])
    assert not folder.exists()
    made = roots.context()
    assert (verdict(made, world["by root"]), verdict(made, world["by other"])) == (0, 20)


@pytest.mark.parametrize("change", ["taken away", "emptied", "overwritten", "of another root"])
def test_a_root_that_somebody_took_away_is_not_told_as_the_servers_fault(
    bundle: Path, world: dict[str, Identity], change: str
) -> None:
    folder = kept()
    for number in (0, 1):
        file = folder / f"{hashed(world['root'])}.{number}"
        before = file.stat()
        if change == "taken away":
            file.unlink()
        elif change == "emptied":
            file.write_text("")
        elif change == "overwritten":
            file.write_bytes(b"-" * before.st_size)
            os.utime(file, ns=(before.st_atime_ns, before.st_mtime_ns))
        else:
            file.write_text(world["expired"].pem)
    fresh()
    with pytest.raises(MachineError, match="Try again"):
        verdict(roots.context(), world["by root"])
    assert verdict(roots.context(), world["by root"]) == 0


def test_another_file_of_roots_has_a_folder_of_its_own(bundle: Path, world: dict[str, Identity]) -> None:
    first = kept()
    bundle.write_text(world["other"].pem)
    fresh()
    made = roots.context()
    assert not lazily(made)
    assert (verdict(made, world["by root"]), verdict(made, world["by other"])) == (20, 0)
    roots.keep()
    fresh()
    made = roots.context()
    assert lazily(made)
    assert (verdict(made, world["by root"]), verdict(made, world["by other"])) == (20, 0)
    assert first.exists(), "a run that has just begun may use it"
    os.utime(first, (0, 0))
    bundle.write_text(world["twin"].pem)
    assert kept() != first
    assert not first.exists()


def test_a_file_of_roots_changed_just_now_is_not_kept(bundle: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(files.time, "time_ns", lambda: bundle.stat().st_ctime_ns + 10**9)
    roots.context()
    roots.keep()
    assert not list(Path(os.environ["XDG_CACHE_HOME"]).rglob("*.kept"))


@pytest.mark.parametrize("form", ["\r\n", "one line", "trusted", "junk inside"])
def test_a_file_of_another_form_is_decoded_whole_each_time(bundle: Path, world: dict[str, Identity], form: str) -> None:
    text = bundle.read_text()
    if form == "\r\n":
        bundle.write_bytes(text.replace("\n", "\r\n").encode())
    elif form == "one line":
        head, *body, end = world["root"].pem.splitlines()
        bundle.write_text(f"{text}{head}\n{''.join(body)}\n{end}\n")
    elif form == "trusted":
        bundle.write_text(text + world["other"].pem.replace(" CERT", " TRUSTED CERT"))
    else:
        bundle.write_text(text + world["other"].pem.replace("-----\nM", "-----\n M"))
    expected = verdict(roots.context(), world["by root"])
    roots.keep()
    fresh()
    made = roots.context()
    assert not lazily(made)
    assert verdict(made, world["by root"]) == expected == 0


@pytest.mark.parametrize("stands", ["a file", "a folder without rights"])
def test_where_nothing_can_be_kept_all_goes_on(bundle: Path, world: dict[str, Identity], stands: str) -> None:
    cache = Path(os.environ["XDG_CACHE_HOME"])
    if stands == "a file":
        cache.write_text("")
    else:
        cache.mkdir(0o777)
        cache.chmod(0o777)
    for _ in range(2):
        fresh()
        assert verdict(roots.context(), world["by root"]) == 0
        roots.keep()
    assert not cache.is_dir() or not list(cache.iterdir())


def test_only_one_run_keeps_at_a_time_and_what_counts_is_left_alone(bundle: Path) -> None:
    folder = kept()
    before = folder.stat().st_ino
    roots._decoded[str(bundle)] = len(IN_FILE)
    roots._write(str(bundle), len(IN_FILE))
    assert folder.stat().st_ino == before
    without_list(folder)
    (folder.parent / f"{folder.name}.new").mkdir()  # of a run that was killed
    assert kept() == folder
    assert [path.name for path in folder.parent.iterdir()] == [folder.name]


def test_what_was_begun_is_given_away_once(bundle: Path) -> None:
    roots.begin()
    first, second = roots.context(), roots.context()
    assert first is not second
    assert first.cert_store_stats() == second.cert_store_stats()
    assert first.cert_store_stats()["x509_ca"] == len(IN_FILE)


def test_to_begin_again_changes_nothing(bundle: Path) -> None:
    roots.begin()
    roots.begin()
    assert len([thread for thread in threading.enumerate() if thread.name == "smtpwizard-roots"]) <= 1


def test_of_kept_roots_none_is_decoded_ahead(bundle: Path) -> None:
    kept()
    roots.begin()
    assert roots._reading is not None
    roots._reading.thread.join()
    assert roots._reading.made is None
    assert lazily(roots.context())


def test_two_takers_never_get_the_same_context(bundle: Path) -> None:
    roots.begin()
    with ThreadPoolExecutor(8) as pool:
        made = list(pool.map(lambda _: roots.context(), range(8)))
    assert len({id(item) for item in made}) == 8


def test_a_failure_is_told_to_who_takes(bundle: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(roots, "path", lambda: "/nowhere/cacert.pem")
    roots.begin()
    with pytest.raises(MachineError):
        roots.context()


def test_roots_that_nobody_took_do_not_keep_or_break_the_end_of_a_process() -> None:
    code = "from smtpwizard.smtp import roots; roots.begin()"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False, timeout=60)
    assert (done.returncode, done.stderr) == (0, "")
