"""The place for backups that the settings name, opened."""

from pathlib import Path
from urllib.parse import unquote, urlsplit

from continuum.backups.place import BackupPlace
from continuum.settings import Settings, SettingsError
from graphstore.bytes import PictureBytes, open_objects
from graphstore.errors import InvalidError

FOR = "backups"


def backup_place(settings: Settings) -> BackupPlace:
    """Where backups lie; nothing is asked yet. Raises `SettingsError`, and `UnavailableError` for a folder that cannot
    be used."""
    url = settings.backup_url
    if url is None:
        raise SettingsError("BACKUP_URL must be set for this: a folder, or an address as s3://bucket/folder")
    if _overlap(_where(url), _where(settings.image_location)):
        raise SettingsError(
            f"BACKUP_URL={url!r}: pictures are kept there, or beside it in one folder ({settings.image_location}); "
            "backups need a place of their own"
        )
    try:
        objects = open_objects(url, for_what=FOR)
        return BackupPlace(objects, PictureBytes(open_objects(f"{url.rstrip('/')}/pictures", for_what=FOR)))
    except InvalidError as wrong:
        raise SettingsError(f"BACKUP_URL: {wrong}") from wrong


def _where(location: str) -> tuple[str, ...]:
    """A place as the folders that lead to it, in one way of writing."""
    scheme, found, _ = location.partition("://")
    if not found:
        return ("file", *Path(location).resolve().parts)
    address = urlsplit(location)
    if scheme.lower() == "file":
        return ("file", *Path(unquote(address.path)).resolve().parts)
    kind = "s3" if scheme.lower() == "s3a" else scheme.lower()
    return (kind, address.netloc, *(part for part in unquote(address.path).split("/") if part))


def _overlap(one: tuple[str, ...], other: tuple[str, ...]) -> bool:
    """Whether they are the same, or one lies within the other."""
    length = min(len(one), len(other))
    return one[:length] == other[:length]
