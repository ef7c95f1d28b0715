"""The form of the tables: what is known of one area of the API."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

    Names = tuple[str, ...]


class Area:
    """What is known of one area.  All names are canonical (see `names`), all kinds are words of the table that has
    them.

    makes       kind -> names whose call makes a thing of that kind
    methods     kind -> kind of what they give -> methods; one that is missing gives nothing that is followed
    attributes  kind -> attribute -> its kind
    elements    kind -> kind of its items
    aliases     another name -> the canonical one, where the rules in `names` do not find it
    """

    __slots__ = ("makes", "methods", "attributes", "elements", "aliases")

    def __init__(
        self,
        makes: Mapping[str, Names] | None = None,
        methods: Mapping[str, Mapping[str, Names]] | None = None,
        attributes: Mapping[str, Mapping[str, str]] | None = None,
        elements: Mapping[str, str] | None = None,
        aliases: Mapping[str, str] | None = None,
    ) -> None:
        self.makes = makes or {}
        self.methods = methods or {}
        self.attributes = attributes or {}
        self.elements = elements or {}
        self.aliases = aliases or {}
