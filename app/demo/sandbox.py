"""The demonstration on this machine: the trials are put in once, and a word says where to look."""

import httpx
from fastapi import FastAPI

from app.demo import load
from app.demo.clients import register_ready, shown
from app.demo.hospitals import push
from app.main import create_app
from app.routers.trial_answers import now
from app.settings import Settings


async def load_once(settings: Settings) -> int:
    """Put the demonstration in: trials through the FHIR interface, what two hospitals push, who may sign in.

    The answer is how many resources of the trials went in.
    What was loaded once is left alone.
    """
    app = create_app(settings)
    async with (
        app.router.lifespan_context(app),
        httpx.AsyncClient(transport=httpx.ASGITransport(app=app), base_url="http://127.0.0.1") as client,
    ):
        loaded = await load(client)
        await push(client, app.state.service.store, at=now())
        await register_ready(app.state.service.store)
        return loaded


def offer_clients(app: FastAPI) -> FastAPI:
    """Let the page /docs sign in as the clients of the demonstration."""
    app.state.ready_clients = shown()
    return app


def welcome(url: str, *, empty: bool) -> str:
    """What the sandbox says when it starts."""
    subject = "msc-sle-01"
    example = f"curl '{url}/fhir/ResearchSubject/{subject}/$sri-status?visit=M6&view=plain'"
    return "\n".join(
        [
            "",
            "Trialbridge runs as a sandbox: open, on this machine only, on synthetic data.",
            f"  FHIR R4           {url}/fhir  ({url}/fhir/metadata)",
            f"  Try it out        {url}/docs"
            + ("" if empty else "  (and sign in: two sites, a sponsor, an auditor)"),
            *([] if empty else ["  An SRI answer     " + example]),
            *([] if empty else [f"  What was pushed   {url}/fhir/$inbox?view=plain"]),
            "Ctrl-C ends it; the data stay.",
            "",
        ]
    )
