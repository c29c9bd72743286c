"""Secrets are compared in constant time: no source of what decides who somebody is compares one by == or !=."""

import re
from pathlib import Path

import pytest

pytestmark = pytest.mark.apus
SOURCES = Path(__file__).parents[2] / "Sources"
PLACES = ["Hashing", "MLflowAPI", "OpenID", "Passwords", "TrackingStore/Access", "apus/Access", "apus/Server"]
SECRET = r"\b\w*(?:hash|secret|signature|mark|password|nonce|verifier|authenticationCode\([^)]*\))\b"
COMPARED = re.compile(rf"(?:{SECRET} (?:==|!=) (?!nil)|(?<!nil) (?:==|!=) (?:\w+\.)*{SECRET})", re.IGNORECASE)
# What is no secret of somebody else's, or is not compared with what a request shows.
HARMLESS = {
    ("MLflowAPI/Access/KnownUsers.swift", "known.password == password"): "two hashes of the server's own",
    ("apus/Server/Settings/AccountSettings.swift", "password == User.knownPassword"): "everybody knows that one",
}


def comparisons(text):
    """The lines that compare a secret, without comments."""
    return [line.strip() for line in text.splitlines() if COMPARED.search(line.split("//")[0])]


@pytest.mark.parametrize("line", [
    "if hash == operatorKey.hash {", "guard given.signature != expected else {", "known.mark == mark ? a : b",
    "return stored.passwordHash == other", "return text == settings.secret", "nonce == attempt.nonce",
])
def test_a_comparison_of_a_secret_is_found(line):
    assert comparisons(line) == [line]


@pytest.mark.parametrize("line", ["guard password != nil else {", "let secret = other", "// hash == other", "ConstantTime.areEqual(hash, other)"])
def test_what_compares_no_secret_is_not(line):
    assert comparisons(line) == []


def test_no_secret_is_compared_with_an_early_end():
    files = [path for place in PLACES for path in sorted((SOURCES / place).rglob("*.swift"))]
    assert len(files) > 150
    found, used = [], set()
    for path in files:
        name = str(path.relative_to(SOURCES))
        for line in comparisons(path.read_text()):
            known = [key for key in HARMLESS if key[0] == name and key[1] in line]
            used.update(known)
            if not known:
                found.append(f"{name}: {line}")
    assert found == [], "compare it by ConstantTime.areEqual, or say above why that does not matter"
    assert used == set(HARMLESS)


def test_each_place_that_knows_secrets_compares_in_constant_time():
    for name in ("MLflowAPI/Access/KnownTokens.swift", "MLflowAPI/Access/KnownLogIns.swift", "MLflowAPI/Access/AccessControl+LogIns.swift",
                 "MLflowAPI/Access/AccessControl+ExternalUsers.swift", "Passwords/PasswordHash.swift", "OpenID/LogInAttempt.swift",
                 "OpenID/Issuer.swift", "Hashing/HMAC.swift"):  # fmt: skip
        assert "ConstantTime.areEqual" in (SOURCES / name).read_text(), name
