"""What a simulated PC is: facts that never change while it lives."""

from __future__ import annotations

from dataclasses import dataclass

from kanade_host_simulator.dice import dice

GIB = 1024**3
AGENT_VERSIONS = ("0.43.25",) * 8 + ("0.43.24", "0.42.0")
SITES = ("tokyo", "osaka", "nagoya", "fukuoka", "sapporo", "sendai")
DEPARTMENTS = ("sales", "finance", "engineering", "support", "logistics", "hr")
_KINDS = ("LT",) * 6 + ("DT",) * 3 + ("WS",)
_WINDOWS = (
    ("Windows 11 Pro", "10.0.26100"),
    ("Windows 11 Pro", "10.0.22631"),
    ("Windows 11 Enterprise", "10.0.26100"),
    ("Windows 10 Pro", "10.0.19045"),
)
_MODELS = (
    ("Dell", "Latitude 5450", "Intel Core Ultra 5 125U", 12),
    ("Dell", "OptiPlex 7020", "Intel Core i5-14500", 14),
    ("Lenovo", "ThinkPad T14 Gen 5", "AMD Ryzen 7 PRO 8840U", 8),
    ("HP", "EliteBook 840 G11", "Intel Core Ultra 7 155U", 12),
    ("Fujitsu", "LIFEBOOK U9413", "Intel Core i5-1335U", 10),
    ("Panasonic", "Let's note FV5", "Intel Core Ultra 7 155H", 16),
)


@dataclass(frozen=True, slots=True)
class Machine:
    """Sizes in bytes. `pc_id` keeps to letters, digits and `-`, and is the host name too."""

    pc_id: str
    site: str
    department: str
    os_name: str
    os_version: str
    vendor: str
    model: str
    cpu: str
    cores: int
    memory: int
    disk: int
    serial: str
    user: str
    agent_version: str

    @property
    def groups(self) -> list[str]:
        """Sorted, as the bucket has them."""
        groups = {f"site-{self.site}", self.department}
        if int(self.serial[-2:], 16) < 13:
            groups.add("canary")
        return sorted(groups)


def machine(seed: int, number: int, prefix: str = "") -> Machine:
    """The PC of that number; numbers begin at 1 and make names unique."""
    rolls = dice(seed, "machine", number)
    site = rolls.choice(SITES)
    os_name, os_version = rolls.choice(_WINDOWS)
    vendor, model, cpu, cores = rolls.choice(_MODELS)
    name = prefix or f"{site[:3].upper()}-{rolls.choice(_KINDS)}-"
    return Machine(
        pc_id=f"{name}{number:04d}",
        site=site,
        department=rolls.choice(DEPARTMENTS),
        os_name=os_name,
        os_version=os_version,
        vendor=vendor,
        model=model,
        cpu=cpu,
        cores=cores,
        memory=rolls.choice((8, 16, 16, 32)) * GIB,
        disk=rolls.choice((256, 512, 512, 1024)) * GIB,
        serial=f"{rolls.getrandbits(40):010X}",
        user=f"u{rolls.randrange(100_000):05d}",
        agent_version=rolls.choice(AGENT_VERSIONS),
    )
