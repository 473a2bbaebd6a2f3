"""Names under which browsers save pictures."""

import pytest

from continuum.filenames import disposition


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("Leaf", 'inline; filename="Leaf.png"'),
        ("bank (finance), No. 2", 'inline; filename="bank (finance), No. 2.png"'),
        ("Ää", "inline; filename=\"__.png\"; filename*=UTF-8''%C3%84%C3%A4.png"),
        (
            "लिपि",
            "inline; filename=\"____.png\"; filename*=UTF-8''%E0%A4%B2%E0%A4%BF%E0%A4%AA%E0%A4%BF.png",
        ),
        ('a"; filename="b.exe', 'inline; filename="a__ filename__b.exe.png"'),
        ("../../etc/passwd", 'inline; filename="_.._etc_passwd.png"'),
        ("a\\b\r\nc\td\0e", 'inline; filename="a_b__c_d_e.png"'),
        ("photo\u202egpj.exe", 'inline; filename="photo_gpj.exe.png"'),
        ("", 'inline; filename="picture.png"'),
        (" . ", 'inline; filename="picture.png"'),
        ("100%", 'inline; filename="100_.png"'),
    ],
)
def test_names_are_kept_as_far_as_they_are_harmless(name: str, expected: str) -> None:
    """Nothing ends the header, leads elsewhere, or hides what it is."""
    assert disposition(name, "image/png") == expected


def test_the_ending_is_that_of_the_type() -> None:
    """Whatever the name ends in."""
    assert disposition("a.exe", "image/jpeg") == 'inline; filename="a.exe.jpg"'
    assert disposition("a", "image/webp") == 'inline; filename="a.webp"'
    assert disposition("a", "text/html") == 'inline; filename="a.bin"'


def test_long_names_are_cut() -> None:
    """Headers have an end."""
    assert len(disposition("ü" * 5_000, "image/png")) < 1_000
