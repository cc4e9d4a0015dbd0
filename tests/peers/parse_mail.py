"""Reads mails, each as a line with its length and then its bytes, and tells what is in them.

One line of JSON a mail, the same that parse_mail.js writes: headers (their names, in lower case
and in order), subject, from and to as lists of [name, address], text, id, seconds.
"""

import email
import email.policy
import json
import sys


def people(header):
    return [[a.display_name, a.addr_spec] for a in header.addresses]


def tell(raw):
    mail = email.message_from_bytes(raw, policy=email.policy.default)
    text = mail.get_payload(decode=True).decode(mail.get_content_charset())
    return {
        "headers": [name.lower() for name in mail.keys()],
        "defects": [str(d) for d in mail.defects]
        + [str(d) for name in mail.keys() for d in mail[name].defects],
        "subject": str(mail["subject"]),
        "from": people(mail["from"]),
        "to": people(mail["to"]),
        "text": text.replace("\r\n", "\n"),
        "id": str(mail["message-id"]),
        "seconds": int(mail["date"].datetime.timestamp()),
    }


source = sys.stdin.buffer
while line := source.readline():
    print(json.dumps(tell(source.read(int(line)))))
