// Reads mails, each as a line with its length and then its bytes, and tells what is in them, in
// the words of parse_mail.py.
'use strict';
const { simpleParser } = require('mailparser');

async function main() {
  const chunks = [];
  for await (const chunk of process.stdin) chunks.push(chunk);
  const all = Buffer.concat(chunks);

  for (let at = 0; at < all.length;) {
    const end = all.indexOf('\n', at);
    const bytes = Number(all.subarray(at, end).toString());
    const mail = await simpleParser(all.subarray(end + 1, end + 1 + bytes));
    const people = (list) => list.value.map((one) => [one.name, one.address]);

    at = end + 1 + bytes;
    console.log(JSON.stringify({
      headers: mail.headerLines.map((header) => header.key),
      defects: [],
      subject: mail.subject ?? '',
      from: people(mail.from),
      to: people(mail.to),
      text: mail.text ?? '',
      id: mail.messageId,
      seconds: Math.floor(mail.date.getTime() / 1000),
    }));
  }
}

main();
