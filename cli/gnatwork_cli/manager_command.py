"""`gnatwork manager`: the HTTP and NATS API."""

from pathlib import Path
from typing import Annotated

import typer

from gnatwork_cli.loop import clear_errors
from gnatwork_cli.options import DEFAULT_DATA_DIR, EgressOption
from gnatwork_cli.secret_keys import SecretKeysOption, read_secret_keys
from gnatwork_cli.service import RequiredNatsOption, run_service
from gnatwork_cli.stack_plan import SettingsError, parse_token
from gnatwork_manager.http.bounds import HttpBounds
from gnatwork_manager.http.cors import parse_origins
from gnatwork_manager.manager import run_manager
from gnatwork_manager.people.addresses import Network, parse_networks
from gnatwork_manager.settings import DEFAULT_MAX_BODY, ManagerSettings
from gnatwork_net.allow_list import AllowList

app = typer.Typer(rich_markup_mode=None, add_completion=False)


@app.command()
def manager(
    *,
    nats: RequiredNatsOption,
    token: Annotated[str, typer.Option(envvar="GNATWORK_TOKEN", help="What callers must send as bearer token.")],
    host: Annotated[str, typer.Option(envvar="GNATWORK_HOST", help="Where the API listens.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(envvar="GNATWORK_PORT", min=0, max=65535, help="0 picks a free one.")] = 7400,
    data_dir: Annotated[
        Path, typer.Option(envvar="GNATWORK_DATA_DIR", help="Where the run index lives; it can be rebuilt.")
    ] = DEFAULT_DATA_DIR,
    max_body: Annotated[
        int, typer.Option(envvar="GNATWORK_MAX_BODY", min=1, help="Bytes of the largest request body.")
    ] = DEFAULT_MAX_BODY,
    trusted_proxies: Annotated[
        str,
        typer.Option(
            envvar="GNATWORK_TRUSTED_PROXIES",
            help="Proxies that are believed about where a request comes from: CIDRs, comma-separated.",
        ),
    ] = "",
    max_connections: Annotated[
        int, typer.Option(envvar="GNATWORK_MAX_CONNECTIONS", min=1, help="HTTP connections at once; more get 503.")
    ] = HttpBounds.connections,
    cors_origins: Annotated[
        str,
        typer.Option(
            envvar="GNATWORK_CORS_ORIGINS",
            help="Origins whose pages may call, such as `https://app.example.org`, comma-separated; `*` for all.",
        ),
    ] = "",
    secret_keys: SecretKeysOption = None,
    egress_allow: EgressOption = "",
) -> None:
    """Run a manager: it takes definitions, starts runs and answers questions, over HTTP and NATS."""
    with clear_errors():
        settings = ManagerSettings(
            nats_url=nats,
            token=parse_token(token),
            data_dir=data_dir,
            host=host,
            port=port,
            max_body=max_body,
            http=HttpBounds(connections=max_connections),
            cors_origins=parse_origins(cors_origins),
            trusted_proxies=parse_proxies(trusted_proxies),
            secret_keys=read_secret_keys(secret_keys),
            egress_allow=AllowList.parse(egress_allow),
        )
    run_service(run_manager(settings))


def parse_proxies(text: str) -> tuple[Network, ...]:
    """`"10.0.0.0/8,…"` as networks; SettingsError for anything else."""
    try:
        return parse_networks(text)
    except ValueError as error:
        raise SettingsError(f"--trusted-proxies {text}: {error}") from None
