"""A mail server on loopback for tests, by aiosmtpd; whom a mail is from or to says what it does.

    smtp_server.py how certificate key spool

how: starttls, implicit, plain (offers neither TLS nor AUTH), plain-auth (no TLS), mute (never
says a word), busy (421).
Writes "ready <port>" when it listens, and a line of JSON for each mail it took into the spool.

The user is "engine" and the password $CANARY, which it repeats in what it refuses, as rude
servers do.

    from nobody@   550          to unknown@   550          to later@   451 the first time
    from slow@     answers the mail after a minute         from drop@  hangs up in place of that
    from spam@     554 to the mail                         from late@  451 to the mail
    from stuck@    takes the mail, never answers QUIT      from early@ hangs up at MAIL FROM
"""

import asyncio
import json
import os
import ssl
import sys

from aiosmtpd.smtp import SMTP, AuthResult

how, certificate, key, spool = sys.argv[1:5]
canary = os.environ.get("CANARY", "")
seen_later = set()


def local(address):
    return address.split("@")[0]


class Handler:
    async def handle_MAIL(self, server, session, envelope, address, options):
        if local(address) == "nobody":
            return f"550 5.1.8 go away, {canary}"
        if local(address) == "early":
            server.transport.abort()
            await asyncio.sleep(0.1)
        envelope.mail_from = address
        return "250 OK"

    async def handle_RCPT(self, server, session, envelope, address, options):
        if local(address) == "unknown":
            return f"550 5.1.1 no such user; your password is {canary}"
        if local(address) == "later" and envelope.mail_from not in seen_later:
            seen_later.add(envelope.mail_from)
            return f"451 4.7.1 come back later, {canary}"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_QUIT(self, server, session, envelope):
        if getattr(session, "stuck", False):
            await asyncio.sleep(60)
        return "221 Bye"

    async def handle_DATA(self, server, session, envelope):
        who = local(envelope.mail_from)
        session.stuck = who == "stuck"
        if who == "slow":
            await asyncio.sleep(60)
        if who == "drop":
            server.transport.abort()
            await asyncio.sleep(0.1)
        if who == "spam":
            return f"554 5.7.1 spam {canary}"
        if who == "late":
            return f"451 4.3.0 out of {canary}"
        record = {
            "from": envelope.mail_from,
            "to": envelope.rcpt_tos,
            "data": envelope.original_content.decode("latin-1"),
            "tls": how == "implicit" or session.ssl is not None,
            "user": (session.auth_data or b"").decode() if session.authenticated else "",
        }
        with open(spool, "a", encoding="utf-8") as f:
            f.write(json.dumps(record) + "\n")
        return "250 2.0.0 taken"


def authenticate(server, session, envelope, mechanism, data):
    good = data.login == b"engine" and data.password == canary.encode()
    if good:
        return AuthResult(success=True, auth_data=data.login)
    return AuthResult(success=False, handled=False, message=f"535 5.7.8 not {canary}")


def protocol():
    tls = None
    if how == "starttls":
        tls = context()
    return SMTP(
        Handler(),
        hostname="localhost",
        tls_context=tls,
        require_starttls=tls is not None,
        authenticator=authenticate,
        auth_exclude_mechanism=["LOGIN", "PLAIN"] if how == "plain" else [],
        auth_require_tls=how == "starttls",
        auth_required=False,
        data_size_limit=8 << 20,
    )


def context():
    made = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    made.load_cert_chain(certificate, key)
    return made


class Mute(asyncio.Protocol):
    pass


class Busy(asyncio.Protocol):
    def connection_made(self, transport):
        transport.write(f"421 4.3.2 too busy for {canary}\r\n".encode())
        transport.close()


async def main():
    factory = {"mute": Mute, "busy": Busy}.get(how, protocol)
    server = await asyncio.get_running_loop().create_server(
        factory, "127.0.0.1", 0, ssl=context() if how == "implicit" else None
    )
    print("ready", server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


asyncio.run(main())
