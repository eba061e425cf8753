"""Access tokens: JWTs that say who has logged in, for a quarter of an hour."""

from typing import Any, NamedTuple

import jwt

from gnatwork_manager.auth import bad_token

#: Seconds for which an access token is good.
ACCESS_LIFETIME = 900

_ALGORITHM = "HS256"
_ISSUER = "gnatwork"
_CLAIMS = ("iss", "sub", "sid", "gen", "iat", "exp")


class AccessClaims(NamedTuple):
    """What an access token says."""

    person: str
    session: str
    #: The person's `generation` at the login.
    generation: int
    #: Unix seconds.
    expires_at: float


def sign(claims: AccessClaims, key: bytes, now: float) -> str:
    """The token that says this."""
    content = {
        "iss": _ISSUER,
        "sub": claims.person,
        "sid": claims.session,
        "gen": claims.generation,
        "iat": int(now),
        "exp": int(claims.expires_at),
    }
    return jwt.encode(content, key, algorithm=_ALGORITHM)


def verify(token: bytes, key: bytes) -> AccessClaims:
    """What a token says that was signed with this key, expired or not; ProblemError `auth.invalid` for any other."""
    try:
        content: dict[str, Any] = jwt.decode(
            token,
            key,
            algorithms=[_ALGORITHM],
            issuer=_ISSUER,
            # Time is compared by whoever knows what time it is.
            options={"require": list(_CLAIMS), "verify_exp": False, "verify_iat": False, "verify_nbf": False},
        )
        return AccessClaims(str(content["sub"]), str(content["sid"]), int(content["gen"]), float(content["exp"]))
    except (jwt.InvalidTokenError, ValueError, TypeError):
        raise bad_token() from None
