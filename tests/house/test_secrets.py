"""No secret is kept in the repository; the keys of the demonstration say that they are public."""

import re

import pytest

from tests.house.test_files import texts

PUBLIC = "app/demo/demonstration-only-keys.json"
"""The keys with which one signs in to a demonstration: everybody has them, and they open nothing else."""

# Spelled so that this file, which is looked through as well, does not hold one.
SECRETS = {
    "a private key (PEM)": re.compile(r"-{5}B[E]GIN (?:[A-Z]+ )*PRIVATE KEY-{5}"),
    "a private key (JWK)": re.compile(
        r'"k[t]y"(?=[^{}]*"d"\s*:\s*"[A-Za-z0-9_-]{20,}")|"d"\s*:\s*"[A-Za-z0-9_-]{40,}"'
    ),
    "a token of ours or of others": re.compile(
        r"\be[y]J[A-Za-z0-9_-]{10,}\.e[y]J[A-Za-z0-9_-]{10,}\.[A-Za-z0-9_-]{20,}"
    ),
    "a key of a cloud": re.compile(
        r"\b(?:A[K]IA|A[S]IA)[A-Z0-9]{16}\b|\bg[h][pousr]_[A-Za-z0-9]{30,}|\bx[o]x[abpr]-[A-Za-z0-9-]{20,}"
    ),
    "a password in an address": re.compile(
        r"\b(?:postgres(?:ql)?|https?)://[^\s:/@{}$<>`'\"]+:(?!password|secret|hidden|trialbridge)[^\s@{}$<>`'\"]{6,}@"
    ),
}


@pytest.mark.parametrize("what", SECRETS)
def test_no_tracked_file_holds_a_secret(what: str) -> None:
    found = [name for name, text in texts() if SECRETS[what].search(text) and name != PUBLIC]

    assert found == []


@pytest.mark.parametrize(
    ("what", "text"),
    [
        ("a private key (PEM)", "-----B" + "EGIN EC PRIVATE KEY-----"),
        ("a private key (PEM)", "-----B" + "EGIN PRIVATE KEY-----"),
        ("a private key (JWK)", '{"k' + 'ty": "EC", "x": "abc", "d": "' + "A" * 43 + '"}'),
        ("a token of ours or of others", ".".join(["e" + "yJ" + "a" * 20, "e" + "yJ" + "b" * 20, "c" * 40])),
        ("a key of a cloud", "A" + "KIA" + "ABCDEFGHIJKLMNOP"),
        ("a password in an address", "postgresql://admin" + ":Tr0ub4dor@db/trial"),
    ],
)
def test_such_a_secret_would_be_found(what: str, text: str) -> None:
    assert SECRETS[what].search(text)
