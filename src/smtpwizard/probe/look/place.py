"""In which cloud this machine stands, by what its firmware says: the cloud decides which mail ports are open.

Reads four small files; asks nothing of the network, so no metadata service either. The words are those that cloud-init
goes by (tools/ds-identify); Amazon's is the vendor of its Nitro machines.
"""

from __future__ import annotations

from pathlib import Path
from typing import Final

DMI: Final = Path("/sys/class/dmi/id")

_VENDORS: Final = {
    "DigitalOcean": "DigitalOcean",
    "Hetzner": "Hetzner",
    "Linode": "Linode",
    "Akamai": "Linode",
    "Vultr": "Vultr",
    "Scaleway": "Scaleway",
    "Amazon EC2": "AWS",
}
_PRODUCTS: Final = {"Google Compute Engine": "Google Cloud"}
_ASSET_TAGS: Final = {"7783-7084-3265-9085-8269-3286-77": "Azure", "OracleCloud.com": "Oracle Cloud"}


def place(folder: Path = DMI) -> str:
    """Return the cloud's name, empty where the firmware names none that is known."""
    known = (("sys_vendor", _VENDORS), ("product_name", _PRODUCTS), ("chassis_asset_tag", _ASSET_TAGS))
    return next((names[word] for file, names in known if (word := _word(folder / file)) in names), "")


def _word(file: Path) -> str:
    try:
        with file.open("rb") as opened:
            return opened.read(128).decode("ascii", "replace").strip()
    except OSError:
        return ""
