"""The place for backups that the settings name, opened."""

from pathlib import Path
from urllib.parse import unquote, urlsplit

from continuum.backups.place import BackupPlace
from continuum.settings import Settings, SettingsError
from graphstore.bytes import PictureBytes, open_objects
from graphstore.errors import InvalidError

FOR = "backups"


def backup_place(settings: Settings, *, make: bool = True) -> BackupPlace:
    """Where backups lie; nothing is asked yet. A folder that is missing is made, or refused without `make`. Raises
    `SettingsError`, and `UnavailableError` for a folder that cannot be used."""
    url = settings.backup_url
    if url is None:
        raise SettingsError("BACKUP_URL must be set for this: a folder, or an address as s3://bucket/folder")
    kind, *parts = where = _where(url)
    if kind == "file" and not make and not Path(*parts).is_dir():
        raise SettingsError(f"BACKUP_URL={url!r}: there is no such folder")
    if _overlap(where, _where(settings.image_location)):
        raise SettingsError(
            f"BACKUP_URL={url!r}: it is the place of the pictures ({settings.image_location}), or one lies within the "
            "other; backups need a place of their own"
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
