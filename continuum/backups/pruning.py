"""Tidying a place for backups: what is left of unfinished ones, old ones, and pictures that no backup shows go."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from continuum.backups.errors import BackupError
from continuum.backups.manifest import Manifest
from continuum.backups.parts import listed_digests
from continuum.backups.place import PRUNING, BackupPlace, Shelf


@dataclass(frozen=True, slots=True)
class Pruned:
    """What was removed."""

    unfinished: int = 0
    """What was left of backups that were never finished."""
    backups: tuple[str, ...] = ()
    pictures: int = 0
    waits: bool = False
    """Pictures could not be looked through, since another backup is being taken or one cannot be read."""
    damaged: tuple[BackupError, ...] = ()
    """Why one cannot be read."""
    later: tuple[str, ...] = ()
    """Backups that bear a later time than the one just taken: a clock was wrong, or is."""


async def pruned(place: BackupPlace, own: Manifest, keep: int | None) -> Pruned:
    """Tidy up after the backup that was just taken; `keep` so many of its scope, or all.

    A backup that is being taken relies on the pictures that it found there, and is not known by a manifest yet. So
    whoever removes pictures leaves a sign first, and only then looks whether somebody takes a backup; who takes one
    leaves a sign first, and only then looks whether somebody removes pictures. At least one of them sees the other:
    then no picture is removed, or all of them are put anew, and are too young to be removed.
    """
    async with place.at_work(f"{PRUNING}/{own.id}") as now:
        await place.objects.clear_partial(now - place.dead_after)
        shelf = await place.shelf()
        alive = await _cleared(place, shelf, now)
        others = [one for one in shelf.finished if one.scope == own.scope and one.id != own.id]
        surplus = [] if keep is None else others[keep - 1 :]
        for one in surplus:
            await place.remove(one.id)
        kept = [one for one in shelf.finished if one not in surplus]
        done = Pruned(
            unfinished=len(shelf.unfinished) - len(alive),
            backups=tuple(one.id for one in surplus),
            later=tuple(one.id for one in kept if one.began > own.ended),
        )
        if keep is None:
            return done
        if alive or shelf.damaged:
            return replace(done, waits=True, damaged=shelf.damaged)
        try:
            return replace(done, pictures=await _pictures(place, kept, now))
        except BackupError as error:  # no failure of this backup, which would be taken again and again for it
            return replace(done, waits=True, damaged=(error,))


async def _cleared(place: BackupPlace, shelf: Shelf, now: datetime) -> Sequence[str]:
    """Remove what dead processes left; the backups that are being taken."""
    alive = [id for id in shelf.unfinished if await place.is_alive(id, now)]
    for id in shelf.unfinished:
        if id not in alive:
            await place.remove(id)
    dead = [one.path async for one in place.objects.listed(PRUNING) if place.is_old(one, now)]
    await place.objects.delete(dead)
    return alive


async def _pictures(place: BackupPlace, kept: Collection[Manifest], now: datetime) -> int:
    """Remove the pictures that none of these shows; how many. Raises `BackupError`; then none was removed."""
    shown: set[tuple[str, str]] = set()
    for content, id in ((content, one.id) for one in kept for content in one.contents):
        shown.update((content.workspace, d) for d in await listed_digests(place.objects, id, content.digests))
    there = {(one.workspace, one.digest) async for one in place.pictures.digests()}
    removed = [await place.pictures.delete(*one, before=now) for one in sorted(there - shown)]
    return sum(removed)
