"""Rows that are written once: a model that refuses to change or delete one, whoever asks."""

from __future__ import annotations

from typing import Any, ClassVar, NoReturn

from django.db import models

from augury.errors import Refused

__all__ = ["AppendOnly"]


class AppendOnly(models.Model):
    """A row that can be added and read. `refusal` is a sentence with the place `{what}` for "changed" or "deleted"."""

    refusal: ClassVar[str]

    class Meta:
        """No table of its own."""

        abstract = True

    @classmethod
    def refuse(cls, what: str) -> NoReturn:
        """Raise Refused with the sentence of this model."""
        raise Refused(cls.refusal.format(what=what))

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Write a new row; raises Refused for one that is there already."""
        if not self._state.adding:
            self.refuse("changed")
        super().save(*args, **kwargs)

    def delete(self, *_: Any, **__: Any) -> tuple[int, dict[str, int]]:
        """Always raises Refused."""
        self.refuse("deleted")
