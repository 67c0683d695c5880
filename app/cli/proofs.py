"""Say to a carrier's engineer, in their language, how requests must prove their sender."""

from collections.abc import Mapping
from typing import Final, Literal

from app.verification import (
    AnyOf,
    Basic,
    Bearer,
    BodyDigest,
    BodyHmac,
    Credentials,
    Hmac,
    JsonWebToken,
    RsaJwks,
    Scheme,
    StampedHmac,
    StaticHeader,
    Unsigned,
    raw_body,
)

__all__ = ["Language", "in_words"]

Language = Literal["pt", "es", "en"]

_OVER_BODY: Final[Mapping[Language, str]] = {
    "en": "the body's bytes exactly as sent",
    "pt": "os bytes do corpo exatamente como enviados",
    "es": "los bytes del cuerpo exactamente como se envían",
}
_OVER_REST: Final[Mapping[Language, str]] = {
    "en": "the content that your documentation names (the call below shows it)",
    "pt": "o conteúdo que a sua documentação indica (a chamada abaixo o mostra)",
    "es": "el contenido que indica su documentación (la llamada de abajo lo muestra)",
}
_OVER_TIME: Final[Mapping[Language, str]] = {
    "en": "the text of the header {time} and that content",
    "pt": "o texto do cabeçalho {time} e esse conteúdo",
    "es": "el texto del encabezado {time} y ese contenido",
}
_SENTENCES: Final[Mapping[type, Mapping[Language, str]]] = {
    Hmac: {
        "en": "Header {header}: {prefix}HMAC-{algorithm} of {over} with the agreed secret, in {encoding}.",
        "pt": "Cabeçalho {header}: {prefix}HMAC-{algorithm} sobre {over} com o segredo combinado, em {encoding}.",
        "es": "Encabezado {header}: {prefix}HMAC-{algorithm} sobre {over} con el secreto acordado, en {encoding}.",
    },
    BodyDigest: {
        "en": "Header {header}: {algorithm} of {over} followed by the agreed secret, in {encoding}.",
        "pt": "Cabeçalho {header}: {algorithm} sobre {over} seguido do segredo combinado, em {encoding}.",
        "es": "Encabezado {header}: {algorithm} sobre {over} seguido del secreto acordado, en {encoding}.",
    },
    StampedHmac: {
        "en": "Header {header}: {time}=<Unix seconds>,{digest}=<hex>, the HMAC-{algorithm} of '<seconds>.<body>'"
        " with the agreed secret.",
        "pt": "Cabeçalho {header}: {time}=<segundos Unix>,{digest}=<hex>, o HMAC-{algorithm} de '<segundos>.<corpo>'"
        " com o segredo combinado.",
        "es": "Encabezado {header}: {time}=<segundos Unix>,{digest}=<hex>, el HMAC-{algorithm} de"
        " '<segundos>.<cuerpo>' con el secreto acordado.",
    },
    BodyHmac: {
        "en": "In the body, member {header}: HMAC-{algorithm} in hex with the agreed secret, beside a fresh {time}.",
        "pt": "No corpo, membro {header}: HMAC-{algorithm} em hex com o segredo combinado, ao lado de {time} atual.",
        "es": "En el cuerpo, miembro {header}: HMAC-{algorithm} en hex con el secreto acordado, junto a {time} actual.",
    },
    JsonWebToken: {
        "en": "Header {header}: a JSON web token signed with HS256 and the agreed secret.",
        "pt": "Cabeçalho {header}: um JSON Web Token assinado com HS256 e o segredo combinado.",
        "es": "Encabezado {header}: un JSON Web Token firmado con HS256 y el secreto acordado.",
    },
    RsaJwks: {
        "en": "Header {header}: RSA-SHA256 (PKCS #1 v1.5) in base64 over '<{time}>.<body>', by a key of your published"
        " key set {over}.",
        "pt": "Cabeçalho {header}: RSA-SHA256 (PKCS #1 v1.5) em base64 sobre '<{time}>.<corpo>', com uma chave do seu"
        " conjunto publicado {over}.",
        "es": "Encabezado {header}: RSA-SHA256 (PKCS #1 v1.5) en base64 sobre '<{time}>.<cuerpo>', con una clave de su"
        " conjunto publicado {over}.",
    },
    StaticHeader: {
        "en": "Header {header}: {prefix}the agreed secret, on every request.",
        "pt": "Cabeçalho {header}: {prefix}o segredo combinado, em todas as requisições.",
        "es": "Encabezado {header}: {prefix}el secreto acordado, en cada solicitud.",
    },
    Bearer: {
        "en": "Header Authorization: Bearer and the agreed secret, on every request.",
        "pt": "Cabeçalho Authorization: Bearer e o segredo combinado, em todas as requisições.",
        "es": "Encabezado Authorization: Bearer y el secreto acordado, en cada solicitud.",
    },
    Basic: {
        "en": "HTTP Basic with the agreed user name and password, on every request.",
        "pt": "HTTP Basic com o usuário e a senha combinados, em todas as requisições.",
        "es": "HTTP Basic con el usuario y la contraseña acordados, en cada solicitud.",
    },
}
_UNSIGNED: Final[Mapping[Language, str]] = {
    "en": "Nothing is signed: the last part of the address is a secret. Keep the address out of tickets and logs.",
    "pt": "Nada é assinado: a última parte do endereço é um segredo. Não o deixe em chamados nem em logs.",
    "es": "No se firma nada: la última parte de la dirección es un secreto. No la deje en tickets ni en registros.",
}


def in_words(scheme: Scheme, credentials: Credentials, language: Language) -> str:
    """Say how a source's requests must prove their sender: the way that its configuration can check."""
    chosen = scheme.choose(credentials) if isinstance(scheme, AnyOf) else scheme
    sentences = _SENTENCES.get(type(chosen))
    if isinstance(chosen, Unsigned):
        return _UNSIGNED[language]
    if sentences is None:
        return chosen.describe()
    return sentences[language].format(**_parts(chosen, credentials, language))


def _parts(scheme: Scheme, credentials: Credentials, language: Language) -> dict[str, str]:
    """Name what the sentences have places for."""
    parts = {"prefix": "", "over": "", "time": "", "encoding": "", "algorithm": "", "digest": ""}
    parts["header"] = credentials.header or ""
    match scheme:
        case Hmac():
            parts |= {"algorithm": scheme.algorithm.upper(), "encoding": scheme.encodings[0]}
            parts |= {"over": _OVER_BODY[language] if scheme.signed is raw_body else _OVER_REST[language]}
            if scheme.timestamp_header:
                parts["over"] = _OVER_TIME[language].format(time=scheme.timestamp_header)
            if scheme.prefix and not scheme.prefix_is_optional:
                parts["prefix"] = f"{scheme.prefix!r} + "
        case BodyDigest():
            parts |= {"algorithm": scheme.algorithm.upper(), "encoding": scheme.encoding}
            parts |= {"over": _OVER_BODY[language] if scheme.signed is raw_body else _OVER_REST[language]}
        case StampedHmac():
            parts |= {"algorithm": scheme.algorithm.upper(), "time": scheme.time_key, "digest": scheme.digest_key}
        case BodyHmac():
            parts |= {"algorithm": scheme.algorithm.upper(), "time": ".".join(scheme.timestamp)}
            parts["header"] = ".".join(scheme.signature)
        case RsaJwks():
            parts |= {"time": scheme.timestamp_header, "over": credentials.jwks_url or scheme.jwks_url}
            parts["header"] = scheme.signature_header
        case StaticHeader() if scheme.prefix:
            parts["prefix"] = f"{scheme.prefix!r} + "
    parts["header"] = parts["header"] or getattr(scheme, "header", "")
    return parts
