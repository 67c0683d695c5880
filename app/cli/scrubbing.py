"""Put fictions of the same shape in the place of persons in a saved webhook, so that it can be shown to others.

Where persons stand its carrier's file says; what it does not say is told by names and by form. Only what is personal
changes: names, documents, telephones, e-mail and street addresses, positions, and addresses of
signatures, photos and labels. Codes, times, places of scans and tracking numbers stay, for they are what is mapped.
"""

import hmac
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final
from urllib.parse import parse_qsl, urlencode

from app.personal import Kind, Path, PersonalData

__all__ = ["Scrubber"]

_TOKEN: Final = re.compile(r'"(?:\\.|[^"\\])*"|[{}\[\]:,]|-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?|true|false|null|\s+')
_ELEMENT: Final = re.compile(r"<([A-Za-z_][\w.-]*)([^<>]*)>([^<>]+)(?=</)")
_EMAIL: Final = re.compile(r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+")
_DOCUMENT: Final = re.compile(r"(?<![\w.-])\d{3}\.\d{3}\.\d{3}-\d{2}(?![\w-])")
_PHONE: Final = re.compile(r"(?<![\w.])\+\d[\d ().-]{7,16}\d|\(\d{2,3}\) ?9?\d{3,4}-?\d{4}")
_PERSON: Final = re.compile(
    r"\b((?:recebid[oa]|assinad[oa]|retirad[oa]|recibid[oa]|firmad[oa]) por|recebedor:?|received by|signed (?:for )?by)"
    r"(\s*:?\s*)([^.;,()|\"\\\n]+)",
    re.IGNORECASE,
)
_PARTY: Final = re.compile(
    r"recip|destinat|customer|consign|buyer|comprador|receiv|recebedor|addressto|shopper|client|courier(?!name)|driver|contact"
    r"|dropoff|shipto"
)
_ALWAYS_PERSONAL: Final = re.compile(
    r"(?:signed|received)by|signer|recebedor|receptor|(?:recipient|receiver|customer|staff|driver|buyer)\w*name|staffcontact"
    r"|cpf|documento?(?:number|recebedor)?|nrodoc|curp|passport|phone|telefone|celular|mobile|email|mail$|street|logradouro"
    r"|rua$|endereco$|bairro|neighbou?rhood|complement|address(?:line)?\d*$|postalcode|zip|^cep$|latitude|longitude"
    r"|^lat$|^lng$|^lon$"
)
_PERSONAL_FILE: Final = re.compile(
    r"signature|assinatura|firma|photo|foto|proof|picture|image|imagem|labelurl|evidence"
)
_OF_A_PARTY: Final = re.compile(r"name|nome|nombre|company|empresa|^number$|^numero$")
_LETTERS: Final = ("bcdfglmnprst", "aeiou")
_CPF_DIGITS: Final = 11


@dataclass(slots=True, kw_only=True)
class Scrubber:
    """Replace what is personal; the same value gets the same fiction, and nobody can compute it back without the key.

    Args:
        key: Random bytes of one run.
        personal: What the carrier's file says of persons in its documents.
        replaced: How many values were replaced so far.

    """

    key: bytes = field(repr=False)
    personal: PersonalData = field(default_factory=PersonalData)
    replaced: int = 0

    def body(self, content: bytes, media_type: str) -> bytes:
        """Scrub a body; bytes that are no text come back as they are."""
        for encoding in ("utf-8", "latin-1"):
            try:
                text = content.decode(encoding)
            except UnicodeDecodeError:
                continue
            return self._text(text, media_type).encode(encoding, "replace")
        return content

    def query(self, text: str) -> str:
        """Scrub the query of an address or a form."""
        pairs = parse_qsl(text, keep_blank_values=True, encoding="utf-8", errors="surrogateescape")
        if not pairs:
            return text
        scrubbed = [
            (name, self._json(value, (name,)) if value[:1] in "{[" else self._value(value, name, ()))
            for name, value in pairs
        ]
        return text if scrubbed == pairs else urlencode(scrubbed, errors="surrogateescape")

    def _text(self, text: str, media_type: str) -> str:
        start = text.lstrip("\ufeff \t\r\n")[:1]
        if start and start in "{[":
            return self._json(text)
        if start == "<":
            return _ELEMENT.sub(lambda found: f"<{found[1]}{found[2]}>{self._value(found[3], found[1], ())}", text)
        if media_type == "application/x-www-form-urlencoded":
            return self.query(text)
        return self._prose(text)

    def _json(self, text: str, within: Path = ()) -> str:
        """Rewrite values in place: spaces, order and numbers' spelling stay byte for byte."""
        parts: list[str] = []
        stack = list(within)
        name, position = "", 0
        while position < len(text):
            found = _TOKEN.match(text, position)
            token = found[0] if found else text[position]
            following = text[position + len(token) :].lstrip()[:1]
            position += len(token)
            # A list has no name of its own in a path: its items stand where it stands.
            if token in {"{", "["}:
                stack.append("" if token == "[" else name)  # noqa: S105 - a bracket
            elif token in {"}", "]"} and len(stack) > len(within):
                above = stack.pop()
                name = above if token == "}" else name  # noqa: S105 - a bracket
            elif token.startswith('"') and following == ":":
                name = token[1:-1]
            elif token.startswith('"'):
                token = f'"{self._value(token[1:-1], name, tuple(stack))}"'
            elif token[0].isdigit() or token[0] == "-":
                token = self._number(token, name, tuple(stack))
            parts.append(token)
        return "".join(parts)

    def _value(self, value: str, name: str, parents: tuple[str, ...]) -> str:
        """Replace a value that is declared or whose name says that it is personal, or what is personal in it."""
        plain, path = _plain(name), _path(parents, name)
        what = self.personal.at(path)
        if value.startswith(("{", "[")) and '\\"' in value:
            return self._json(value.replace('\\"', '"'), path).replace('"', '\\"')
        if self.personal.is_plain(path):
            return self._prose(value)
        if value and what is not None and what.kind is not Kind.FREE_TEXT:
            return self._fiction(value, self._declared(value, what.kind))
        if value.startswith(("http:", "https:", "http:\\/", "https:\\/")):
            return self._fiction(value, self._address) if _PERSONAL_FILE.search(plain) else value
        if value and _is_personal(plain, parents):
            if "@" in value:
                return self._prose(value)
            shape = self._phone if re.search(r"phone|telefone|celular|mobile|contact", plain) else self._shape
            return self._fiction(value, shape)
        return self._prose(value)

    def _declared(self, value: str, kind: Kind) -> Callable[[str, bytes], str]:
        """Choose what is invented in the place of a declared value."""
        if value.startswith("http"):
            return self._address
        if kind is Kind.PHONE:
            return self._shape if re.search(r"[^\W\d]", value) else self._phone
        return self._email if kind is Kind.EMAIL else self._shape

    def _number(self, token: str, name: str, parents: tuple[str, ...]) -> str:
        plain, path = _plain(name), _path(parents, name)
        looks_so = _ALWAYS_PERSONAL.search(plain) and not _OF_A_PARTY.fullmatch(plain)
        if self.personal.is_plain(path) or not (looks_so or self.personal.at(path)):
            return token
        scrubbed = self._fiction(token, self._shape)
        # A number must not begin with a zero that it did not have.
        return re.sub(r"^(-?)0(?=\d)", r"\g<1>1", scrubbed)

    def _prose(self, text: str) -> str:
        """Replace what can be told from its form alone."""
        text = _EMAIL.sub(lambda found: self._fiction(found[0], self._email), text)
        text = _DOCUMENT.sub(lambda found: self._fiction(found[0], self._shape), text)
        text = _PHONE.sub(lambda found: self._fiction(found[0], self._phone), text)
        return _PERSON.sub(lambda found: f"{found[1]}{found[2]}{self._fiction(found[3], self._shape)}", text)

    def _fiction(self, value: str, invent: Callable[[str, bytes], str]) -> str:
        self.replaced += 1
        return invent(value, hmac.digest(self.key, value.encode("utf-8", "surrogatepass"), "sha512"))

    @staticmethod
    def _email(_: str, noise: bytes) -> str:
        return f"shopper-{noise.hex()[:6]}@mail.example"

    @staticmethod
    def _address(value: str, noise: bytes) -> str:
        suffix = re.search(r"\.(?:png|jpe?g|gif|pdf|svg|webp)\b", value, re.IGNORECASE)
        scheme = "https:\\/\\/" if "\\/" in value else "https://"
        return f"{scheme}files.example{scheme[6:-1]}{noise.hex()[:12]}{suffix[0] if suffix else ''}"

    @staticmethod
    def _phone(value: str, noise: bytes) -> str:
        """End in the range that is kept free for films; the country and the area stay."""
        digits = re.sub(r"\D", "", value)
        ending = f"55501{noise[0] % 100:02d}"
        fresh = iter(digits[: -len(ending)] + ending if len(digits) > len(ending) else "0" * len(digits))
        return re.sub(r"\d", lambda _: next(fresh), value)

    @staticmethod
    def _shape(value: str, noise: bytes) -> str:
        """Keep the shape: letters for letters, digits for digits, everything else as it is."""
        value = re.sub(r"\\u[0-9a-fA-F]{4}", "e", value)
        parts: list[str] = []
        for at, letter in enumerate(value):
            byte = noise[at % len(noise)]
            if letter.isdecimal():
                parts.append(str(byte % 10))
            elif letter.isalpha() and value[at - 1 : at] != "\\":
                kind = _LETTERS[at % 2]
                chosen = kind[byte % len(kind)]
                parts.append(chosen.upper() if letter.isupper() else chosen)
            else:
                parts.append(letter)
        text = "".join(parts)
        digits = re.sub(r"\D", "", text)
        # No taxpayer has a number whose check digits are wrong.
        return _with_wrong_check_digit(text) if len(digits) == _CPF_DIGITS else text


def _plain(name: str) -> str:
    return re.sub(r"[^a-z0-9]", "", name.lower())


def _path(parents: tuple[str, ...], name: str) -> Path:
    return (*filter(None, parents), name)


def _is_personal(plain: str, parents: tuple[str, ...]) -> bool:
    if _ALWAYS_PERSONAL.search(plain):
        return True
    if _PERSONAL_FILE.search(plain) and "status" not in plain:
        return False
    is_party = any(_PARTY.search(_plain(parent)) for parent in parents) or _PARTY.search(plain) is not None
    return is_party and _OF_A_PARTY.search(plain) is not None


def _with_wrong_check_digit(text: str) -> str:
    """Make the last digit one that the others do not lead to."""
    digits = [int(digit) for digit in re.sub(r"\D", "", text)]
    total = sum(digit * weight for digit, weight in zip(digits[:10], range(11, 1, -1), strict=True))
    wrong = (total * 10 % 11 % 10 + 1) % 10
    at = max(index for index, letter in enumerate(text) if letter.isdecimal())
    return f"{text[:at]}{wrong}{text[at + 1 :]}"
