// A mail server on loopback for tests, by smtp-server; the same words as smtp_server.py, of which
// it knows: starttls, implicit; from spam@, to unknown@, to later@.
'use strict';
const fs = require('fs');
const { SMTPServer } = require('smtp-server');

const [how, certificate, key, spool] = process.argv.slice(2);
const canary = process.env.CANARY ?? '';
const seenLater = new Set();

function refusal(code, text) {
  const error = new Error(text);
  error.responseCode = code;
  return error;
}

const server = new SMTPServer({
  secure: how === 'implicit',
  key: fs.readFileSync(key),
  cert: fs.readFileSync(certificate),
  authOptional: true,
  size: 8 << 20,
  onAuth(auth, session, done) {
    if (auth.username === 'engine' && auth.password === canary) done(null, { user: 'engine' });
    else done(refusal(535, `not ${canary}`));
  },
  onRcptTo(address, session, done) {
    const [local] = address.address.split('@');
    const from = session.envelope.mailFrom.address;
    if (local === 'unknown') return done(refusal(550, `no such user, ${canary}`));
    if (local === 'later' && !seenLater.has(from)) {
      seenLater.add(from);
      return done(refusal(451, `come back later, ${canary}`));
    }
    return done();
  },
  onData(stream, session, done) {
    const chunks = [];
    stream.on('data', (chunk) => chunks.push(chunk));
    stream.on('end', () => {
      const from = session.envelope.mailFrom.address;
      if (from.startsWith('spam@')) return done(refusal(554, `spam ${canary}`));
      const to = session.envelope.rcptTo.map((one) => one.address);
      const data = Buffer.concat(chunks).toString('latin1');
      const record = { from, to, data, tls: session.secure, user: session.user ?? '' };
      fs.appendFileSync(spool, `${JSON.stringify(record)}\n`);
      return done();
    });
  },
});

server.on('error', () => {}); // a client that goes away
server.listen(0, '127.0.0.1', () => console.log('ready', server.server.address().port));
