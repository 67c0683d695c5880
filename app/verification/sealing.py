"""Put fresh credentials on a webhook, as its carrier would: for samples and tests."""

from dataclasses import replace
from datetime import datetime

from app.model import Webhook
from app.verification.agreed import AnyOf
from app.verification.enclosed import BodyHmac
from app.verification.proof import Credentials, Scheme
from app.verification.signatures import with_headers


def seal(scheme: Scheme, webhook: Webhook, credentials: Credentials, now: datetime) -> Webhook:
    """Return the webhook signed with the first secret, in the place of whatever credentials it has.

    Raises:
        MissingCredential: Only the carrier can sign, and no private key stands in for it.

    """
    bare = replace(webhook, headers=tuple(pair for pair in webhook.headers if pair[0] not in scheme.headers))
    chosen = scheme.choose(credentials) if isinstance(scheme, AnyOf) else scheme
    if isinstance(chosen, BodyHmac):
        bare = replace(bare, body=chosen.sign_body(bare, credentials, now))
    return with_headers(bare, chosen.sign(bare, credentials, now))
