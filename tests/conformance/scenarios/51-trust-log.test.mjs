// What our CAs issue, and each change of trust, is in a log that verifies by other tools' rules; a certificate that somebody else signed is not; a row altered in the database is found. Own server, own data.
import assert from 'node:assert/strict';
import { execFile, execFileSync } from 'node:child_process';
import { createHash, createPublicKey, verify } from 'node:crypto';
import fs from 'node:fs';
import https from 'node:https';
import path from 'node:path';
import { test } from 'node:test';
import { promisify } from 'node:util';
import { folder, make } from '../lib/certificates.mjs';
import { commandLine } from '../lib/cli.mjs';
import { Hub, sasToken, unique } from '../lib/hub.mjs';
import { startServer } from '../lib/server.mjs';

const ports = ['--mqtt-port', '0', '--amqp-port', '0', '--https-port', '0'];
const run = promisify(execFile);
const file = ending => path.join(folder, unique('log')) + ending;

/** By EST, with curl and openssl; the file of the certificate. */
async function enroll(hub, ca, id, key) {
  const { idScope, hostName } = hub.connection.dps;
  const [keyFile, csr, message, certificate] = ['.key', '.csr', '.p7', '.pem'].map(file);
  execFileSync('openssl', ['req', '-new', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-keyout', keyFile, '-subj', `/CN=${id}`, '-outform', 'DER', '-out', csr], { stdio: 'ignore' });
  const body = file('.b64');
  fs.writeFileSync(body, fs.readFileSync(csr).toString('base64'));
  const { stdout } = await run('curl', ['-sS', '--fail', '--cacert', ca, '-H', `Host: ${hostName}`, '-H', 'Content-Type: application/pkcs10', '-u', `${id}:${sasToken(`${idScope}/registrations/${id}`, key, { policyName: 'registration' })}`,
    '--data-binary', `@${body}`, `https://localhost:${hub.connection.ports.https}/.well-known/est/${idScope}/simpleenroll`]);
  fs.writeFileSync(message, Buffer.from(stdout, 'base64'));
  execFileSync('openssl', ['pkcs7', '-inform', 'DER', '-in', message, '-print_certs', '-out', certificate]);
  return certificate;
}

/** Bytes below the log's prefix, and their headers. */
const fetched = (hub, where) => new Promise((done, fail) => https.get({
  host: 'localhost', port: hub.connection.ports.https, path: `/gatehouse/v1/log/${where}`, agent: hub.agent, headers: { Authorization: hub.token() },
}, reply => {
  const parts = [];
  reply.on('data', part => parts.push(part));
  reply.on('end', () => done({ status: reply.statusCode, headers: reply.headers, bytes: Buffer.concat(parts) }));
}).on('error', fail));

const sha256 = (...parts) => createHash('sha256').update(Buffer.concat(parts)).digest();

/** RFC 6962, once more and by nobody's code but this. */
function rootOf(leaves) {
  if (leaves.length === 1) return leaves[0];
  let half = 1;
  while (half * 2 < leaves.length) half *= 2;
  return sha256(Buffer.from([1]), rootOf(leaves.slice(0, half)), rootOf(leaves.slice(half)));
}

test('issued certificates and a revocation are in the log, which verifies here and by the standards; strangers are not, and tampering is found', { timeout: 300_000 }, async () => {
  let server = await startServer(ports);
  const state = file('.state');
  try {
    const gatehouse = commandLine(server.data);
    let hub = new Hub(server.connection);
    const policy = unique('p');
    await gatehouse('enrollment', 'policy', 'create', policy);
    await gatehouse('log', 'verify', '--state', state);

    const certificates = [];
    for (let i = 0; i < 3; i++) {
      const id = unique('d');
      await gatehouse('enrollment', 'create', id, '--credential-policy', policy);
      certificates.push(await enroll(hub, server.connection.caFile, id, (await gatehouse('enrollment', 'keys', id)).primaryKey));
    }

    const serial = execFileSync('openssl', ['x509', '-in', certificates[0], '-noout', '-serial'], { encoding: 'utf8' }).trim().slice('serial='.length);
    await gatehouse('enrollment', 'revoke-certificate', serial);

    const verified = await gatehouse('log', 'verify', '--state', state);
    assert.ok(verified.size > verified.seenBefore);
    await gatehouse('log', 'verify', '--state', state, '--quick');
    const actions = async certificate => (await gatehouse('log', 'prove', certificate, '--state', state)).entries.map(each => each.entry.action);
    assert.deepEqual(await actions(certificates[0]), ['certificate.issue', 'certificate.revoke']);
    assert.deepEqual(await actions(certificates[2]), ['certificate.issue']);

    // A certificate that none of our CAs issued.
    const stranger = make(unique('stranger'));
    await assert.rejects(gatehouse('log', 'prove', stranger.certFile), error => error.code === 1 && /NOT IN THE LOG/.test(error.stderr));

    // As a tool that has never heard of this server reads it: signed note, bundle, tile, root.
    const note = await fetched(hub, 'checkpoint');
    assert.match(note.headers['content-type'], /^text\/plain; charset=utf-8/);
    const [text, below] = note.bytes.toString('utf8').split(/\n\n/);
    const [origin, size, root] = text.split('\n');
    const [, name, encoded] = below.match(/^\u2014 (\S+) (\S+)\n$/);
    const [keyName, keyId, ...keyText] = verified.verifierKey.split('+');
    const keyBytes = Buffer.from(keyText.join('+'), 'base64');
    const [spki, signature] = [keyBytes.subarray(1), Buffer.from(encoded, 'base64')];
    assert.deepEqual([name, keyName, keyBytes[0], signature.subarray(0, 4).toString('hex')], [origin, origin, 2, keyId]);
    assert.equal(sha256(spki).subarray(0, 4).toString('hex'), keyId);
    assert.ok(verify('sha256', Buffer.from(`${text}\n`), createPublicKey({ key: spki, format: 'der', type: 'spki' }), signature.subarray(4)));
    const count = Number(size);
    assert.ok(count < 256);
    const bundle = await fetched(hub, `tile/entries/000.p/${count}`);
    assert.deepEqual([bundle.status, bundle.headers['content-type']], [200, 'application/octet-stream']);
    assert.match(bundle.headers['cache-control'], /immutable/);
    const leaves = [];
    for (let at = 0; at < bundle.bytes.length; at += 2 + bundle.bytes.readUInt16BE(at)) leaves.push(sha256(Buffer.from([0]), bundle.bytes.subarray(at + 2, at + 2 + bundle.bytes.readUInt16BE(at))));
    assert.equal(leaves.length, count);
    assert.equal(rootOf(leaves).toString('base64'), root);
    assert.deepEqual((await fetched(hub, `tile/0/000.p/${count}`)).bytes, Buffer.concat(leaves));
    assert.equal((await fetched(hub, `tile/0/000.p/${count + 20}`)).status, 404);
    assert.equal((await hub.send('GET', '/gatehouse/v1/log/checkpoint', undefined, { Authorization: '' })).status, 401);

    // Killed and started again it is the same log.
    await server.kill();
    server = await startServer(ports, undefined, server.data);
    hub = new Hub(server.connection);
    await gatehouse('log', 'verify', '--state', state);
    assert.deepEqual(await actions(certificates[1]), ['certificate.issue']);

    // Whoever has the file of the database takes the issuance of one device out of it.
    execFileSync('sqlite3', ['-cmd', '.timeout 60000', path.join(server.data, 'store.db'),
      "UPDATE trust_log_entries SET entry = CAST(REPLACE(CAST(entry AS TEXT), 'certificate.issue', 'certificate.other') AS BLOB) WHERE CAST(entry AS TEXT) LIKE '%certificate.issue%'"]);
    await assert.rejects(gatehouse('log', 'verify', '--state', state), error => error.code === 1 && /THE TRUST LOG DOES NOT VERIFY: entry \d+ was altered/.test(error.stderr));
    await assert.rejects(gatehouse('log', 'prove', certificates[1], '--state', state), error => error.code === 1 && /altered/.test(error.stderr));
  } finally {
    await server.stop();
  }
});
