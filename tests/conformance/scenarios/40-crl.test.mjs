// Revocation lists of an outside CA, made with openssl as the CA would make them: the SDK's connection is cut, the device is refused afterwards, also after kill -9 and a restart; a delta lets it in again; the rule for stale lists. Own data.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { folder, make, uploadVerified } from '../lib/certificates.mjs';
import { commandLine } from '../lib/cli.mjs';
import { failure, Hub } from '../lib/hub.mjs';
import { RawDevice } from '../lib/raw-mqtt.mjs';
import { startServer, until } from '../lib/server.mjs';

const byAuthority = { authentication: { type: 'certificateAuthority' } };
const ports = ['--mqtt-port', '0', '--amqp-port', '0', '--https-port', '0'];
let counter = 0;

const openssl = (...args) => execFileSync('openssl', args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] }).trim();
const serialOf = certificate => openssl('x509', '-in', certificate.certFile, '-noout', '-serial').split('=')[1];
const stamp = time => time.toISOString().replace(/[-:T]|\.\d+/g, '').slice(2);

/** A list of the CA, as openssl's ca command makes it. revoked: [certificate, reason]; extensions: as openssl's configuration writes them. */
function list(ca, number, revoked, { seconds = 3600, extensions = '', der = false } = {}) {
  const base = path.join(folder, `crl${++counter}`);
  fs.mkdirSync(base);
  const index = revoked.map(([certificate, reason]) => `R\t300101000000Z\t${stamp(new Date())}${reason ? `,${reason}` : ''}\t${serialOf(certificate)}\tunknown\t/CN=x\n`).join('');
  fs.writeFileSync(path.join(base, 'index.txt'), index);
  fs.writeFileSync(path.join(base, 'number'), `${number.toString(16).padStart(2, '0')}\n`);
  fs.writeFileSync(path.join(base, 'ca.cnf'), `[ca]\ndefault_ca=d\n[d]\ndatabase=${base}/index.txt\ncrlnumber=${base}/number\ndefault_md=sha256\ncrl_extensions=e\n[e]\nauthorityKeyIdentifier=keyid\n${extensions}`);
  const file = path.join(base, 'list.pem');
  openssl('ca', '-gencrl', '-config', path.join(base, 'ca.cnf'), '-cert', ca.certFile, '-keyfile', ca.keyFile, '-crlsec', String(seconds), '-out', file);
  if (!der) return file;
  openssl('crl', '-in', file, '-outform', 'DER', '-out', `${file}.der`);
  return `${file}.der`;
}

const line = async (gatehouse, ...args) => (await failure(gatehouse(...args))).stderr;

test('a list of an outside CA cuts off, keeps out after kill -9, a delta lets in again, and a rule keeps out while it is stale', { timeout: 400_000 }, async () => {
  const root = make('crl root', { isAuthority: true });
  const between = make('crl line 3', { issuer: root, isAuthority: true });
  const stranger = make('crl stranger', { isAuthority: true });
  const [lost, kept] = [make('d-lost', { issuer: between }), make('d-kept', { issuer: between })];
  const chainOf = certificate => ({ key: certificate.key, cert: certificate.cert + between.cert });
  let server = await startServer(ports);
  try {
    let hub = new Hub(server.connection);
    const gatehouse = commandLine(server.data);
    const connect = async (deviceId, certificate) => RawDevice.connect(hub, { deviceId }, {}, chainOf(certificate));
    const codeOf = async (deviceId, certificate) => {
      const session = await connect(deviceId, certificate);
      session.end();
      return session.connack.returnCode;
    };
    await uploadVerified(hub, 'root', root);
    await uploadVerified(hub, 'line-3', between);
    for (const id of ['d-lost', 'd-kept']) await hub.createDevice(id, byAuthority);
    const [first, second] = [await connect('d-lost', lost), await connect('d-kept', kept)];
    assert.deepEqual([first.connack.returnCode, second.connack.returnCode], [0, 0]);

    const complete = list(between, 16, [[lost, 'certificateHold']], { der: true });
    const drill = await gatehouse('crl', 'import', complete, '--drill');
    assert.deepEqual([drill.live, drill.added], [['d-lost'], 1]);
    const taken = await gatehouse('crl', 'import', complete);
    assert.deepEqual([taken.live, taken.list.caName, taken.list.number], [['d-lost'], 'line-3', '16']);
    assert.equal(await first.untilClosed(), true);
    assert.equal(await codeOf('d-lost', lost), 5);
    const refusal = await hub.refusal('d-lost');
    assert.equal(refusal.reason, 'CertificateRevoked');
    assert.ok(refusal.detail.includes("CRL 16 of CA 'line-3' (certificateHold)"), refusal.detail);

    // What is not the CA's newest list changes nothing.
    assert.match(await line(gatehouse, 'crl', 'import', list(between, 15, [])), /not newer/);
    assert.match(await line(gatehouse, 'crl', 'import', list(stranger, 1, [])), /no CA certificate of that name/);
    assert.match(await line(gatehouse, 'crl', 'import', list(root, 1, []), '--ca', 'line-3'), /it is a list of/);
    assert.match(await line(gatehouse, 'crl', 'import', list(between, 17, [], { extensions: 'issuingDistributionPoint=critical,@p\n[p]\nonlyuser=TRUE\n' })), /covers only some/);
    assert.equal((await gatehouse('crl', 'show', 'line-3')).number, '16');

    await server.kill();
    server = await startServer(ports, undefined, server.data);
    hub = new Hub(server.connection);
    assert.deepEqual([await codeOf('d-lost', lost), await codeOf('d-kept', kept)], [5, 0]);

    // A delta that takes the hold away, as its CA writes it: the last extension says of which list.
    const delta = list(between, 17, [[lost, 'removeFromCRL']], { extensions: '2.5.29.27=critical,DER:02:01:10\n' });
    const released = await gatehouse('crl', 'import', delta);
    assert.deepEqual([released.added, released.removed, released.list.isDelta], [0, 1, true]);
    assert.equal(await codeOf('d-lost', lost), 0);

    // The list of the root names the CA between.
    const upper = await gatehouse('crl', 'import', list(root, 1, [[between, 'CACompromise']]));
    assert.equal(upper.list.caName, 'root');
    assert.equal(await codeOf('d-kept', kept), 5);
    await gatehouse('crl', 'remove', 'root');
    assert.equal(await codeOf('d-kept', kept), 0);

    // No list, and one past its time, under either rule. Who is connected stays.
    await gatehouse('crl', 'import', list(between, 18, [], { seconds: 10 }));
    const stays = await connect('d-kept', kept);
    await until('the end of the list', async () => (await gatehouse('crl', 'show', 'line-3')).isStale);
    assert.equal(await codeOf('d-lost', lost), 0);
    const rule = await gatehouse('crl', 'policy', 'line-3', '--stale', 'refuse');
    assert.deepEqual([rule.list.stale, rule.live], ['refuse', ['d-kept']]);
    assert.equal(await codeOf('d-lost', lost), 5);
    assert.equal(stays.connack.returnCode, 0);
    const told = await until('the refusal in the log', async () => (await gatehouse('why', 'd-lost')).refusals.find(each => each.reason === 'RevocationListStale'));
    assert.match(told.detail, /CRL 18 of CA 'line-3' was to be followed by/);
    await gatehouse('crl', 'import', list(between, 19, []));
    assert.equal(await codeOf('d-lost', lost), 0);
    stays.end();
    assert.equal((await hub.call('GET', '/gatehouse/v1/audit/verify')).isIntact, true);
  } finally {
    await server.stop();
  }
});
