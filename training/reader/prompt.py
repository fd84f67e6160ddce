"""The `default` prompt, as the library builds it."""

from dataclasses import dataclass, field, replace


@dataclass(frozen=True)
class Line:
    """One line that OCR read, with the ink's colour where it is known."""

    text: str
    ink: str | None = None

    def __str__(self):
        return f'"{self.text}"' + (f" ({self.ink})" if self.ink else "")


@dataclass(frozen=True)
class Evidence:
    tags: tuple[str, ...] = ()
    attributes: tuple[str, ...] = ()
    captions: tuple[str, ...] = ()
    lines: tuple[Line, ...] = field(default=())

    def top(self, tags: int, attributes: int, captions: int) -> "Evidence":
        return replace(
            self, tags=self.tags[:tags], attributes=self.attributes[:attributes], captions=self.captions[:captions]
        )


def prompt(evidence: Evidence, question: str) -> str:
    """A line whose module gave nothing is left out."""
    lines = []
    if evidence.tags:
        lines.append("Tags: " + ", ".join(evidence.tags))
    if evidence.attributes:
        lines.append("Attributes: " + "; ".join(evidence.attributes))
    if evidence.captions:
        lines.append("Captions: " + " ".join(caption + "." for caption in evidence.captions))
    if evidence.lines:
        lines.append("Text in the picture: " + " ".join(map(str, evidence.lines)))
    return "\n".join([*lines, f"Question: {question}", "Short answer:"])
