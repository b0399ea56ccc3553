// What a certificate of ours says of its CA is followed by openssl and is true; what the provisioning service revokes is cut off in its hubs, here and on another server, over kill -9 too. Own servers, own data.
import assert from 'node:assert/strict';
import { execFile, execFileSync } from 'node:child_process';
import fs from 'node:fs';
import net from 'node:net';
import path from 'node:path';
import { test } from 'node:test';
import { promisify } from 'node:util';
import common from 'azure-iot-common';
import device from 'azure-iot-device';
import mqtt from 'azure-iot-device-mqtt';
import { folder } from '../lib/certificates.mjs';
import { commandLine } from '../lib/cli.mjs';
import { failure, Hub, sasToken, unique } from '../lib/hub.mjs';
import { callService } from '../lib/provisioning.mjs';
import { RawDevice } from '../lib/raw-mqtt.mjs';
import { startServer, until } from '../lib/server.mjs';

const ports = ['--mqtt-port', '0', '--amqp-port', '0', '--https-port', '0'];
const run = promisify(execFile);
const file = ending => path.join(folder, unique('pki')) + ending;

/** Output of openssl, of both streams; `code` says how it ended. Waits without blocking: what it asks may be this process's child. */
async function openssl(...args) {
  try {
    const { stdout, stderr } = await run('openssl', args);
    return { code: 0, text: stdout + stderr };
  } catch (error) {
    return { code: error.code, text: `${error.stdout}${error.stderr}` };
  }
}

/** A port that nobody has now. */
async function freePort() {
  const listener = net.createServer().listen(0, '127.0.0.1');
  await new Promise(done => listener.once('listening', done));
  const { port } = listener.address();
  await new Promise(done => listener.close(done));
  return port;
}

function request(name) {
  const [key, csr] = [file('.key'), file('.csr')];
  execFileSync('openssl', ['req', '-new', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-keyout', key, '-subj', `/CN=${name}`, '-outform', 'DER', '-out', csr], { stdio: 'ignore' });
  return { key: fs.readFileSync(key, 'utf8'), csr: fs.readFileSync(csr).toString('base64') };
}

function kept(key, cert) {
  const certFile = file('.pem');
  fs.writeFileSync(certFile, cert);
  const serial = execFileSync('openssl', ['x509', '-in', certFile, '-noout', '-serial'], { encoding: 'utf8' }).trim().slice('serial='.length);
  return { key, cert, certFile, serial };
}

const token = (hub, id, key) => sasToken(`${hub.connection.dps.idScope}/registrations/${id}`, key, { policyName: 'registration' });

/** By a registration with a CSR. */
async function register(hub, id, key) {
  const made = request(id);
  const target = `/${hub.connection.dps.idScope}/registrations/${id}`;
  const headers = { Host: hub.connection.dps.hostName, Authorization: token(hub, id, key) };
  const started = await hub.call('PUT', `${target}/register?api-version=2026-04-01`, { registrationId: id, csr: made.csr }, headers);
  const { status, registrationState } = await hub.call('GET', `${target}/operations/${started.operationId}?api-version=2026-04-01`, undefined, headers);
  assert.equal(status, 'assigned');
  const [leaf] = registrationState.issuedCertificateChain;
  return { ...kept(made.key, `-----BEGIN CERTIFICATE-----\n${leaf.match(/.{1,64}/g).join('\n')}\n-----END CERTIFICATE-----\n`), assignedHub: registrationState.assignedHub };
}

/** By EST. */
async function enroll(hub, id, key) {
  const made = request(id);
  const answer = await hub.send('POST', `/.well-known/est/${hub.connection.dps.idScope}/simpleenroll`, made.csr, {
    Host: hub.connection.dps.hostName,
    Authorization: `Basic ${Buffer.from(`${id}:${token(hub, id, key)}`).toString('base64')}`,
    'Content-Type': 'application/pkcs10',
  });
  assert.equal(answer.status, 200, JSON.stringify(answer.body));
  const [message, certificate] = [file('.p7'), file('.pem')];
  fs.writeFileSync(message, Buffer.from(answer.body, 'base64'));
  execFileSync('openssl', ['pkcs7', '-inform', 'DER', '-in', message, '-print_certs', '-out', certificate]);
  return kept(made.key, fs.readFileSync(certificate, 'utf8'));
}

async function enrolled(gatehouse, id, policy, ...more) {
  await gatehouse('enrollment', 'create', id, '--credential-policy', policy, ...more);
  return (await gatehouse('enrollment', 'keys', id)).primaryKey;
}

/** What a certificate says of its CA. */
async function addressesOf(certificate) {
  const { text } = await openssl('x509', '-in', certificate.certFile, '-noout', '-text');
  const found = Object.fromEntries([['ocsp', /OCSP - URI:(\S+)/], ['issuer', /CA Issuers - URI:(\S+)/], ['list', /CRL Distribution Points:[^]*?URI:(\S+)/]].map(([name, pattern]) => [name, text.match(pattern)?.[1]]));
  assert.ok(found.ocsp && found.issuer && found.list, text);
  return found;
}

async function fetched(url, type) {
  const answer = await fetch(url);
  assert.deepEqual([answer.status, answer.headers.get('content-type')], [200, type], url);
  const name = file('.der');
  fs.writeFileSync(name, Buffer.from(await answer.arrayBuffer()));
  return name;
}

/** The CA as the certificate names it, as PEM: the chain ends there. */
async function authorityOf(certificate, url) {
  const authority = file('.pem');
  assert.equal((await openssl('x509', '-inform', 'DER', '-in', await fetched(url, 'application/pkix-cert'), '-out', authority)).code, 0);
  assert.match((await openssl('verify', '-x509_strict', '-purpose', 'sslclient', '-CAfile', authority, certificate.certFile)).text, /: OK/);
  const own = (await openssl('x509', '-in', authority, '-noout', '-text')).text;
  assert.doesNotMatch(own, /CRL Distribution Points|Authority Information Access/);
  return authority;
}

const statusOf = async (certificate, authority, url) => (await openssl('ocsp', '-issuer', authority, '-cert', certificate.certFile, '-url', url, '-CAfile', authority)).text;

/** The unmodified client, connected to a server wherever its ports are. */
async function client(server, deviceId, certificate, host = new Hub(server.connection).host) {
  const provider = new device.X509AuthenticationProvider({ host, deviceId, gatewayHostName: `${host}:${server.connection.ports.mqtt}` });
  const made = device.Client.fromAuthenticationProvider(provider, mqtt.Mqtt);
  made.setRetryPolicy(new common.NoRetry());
  made.on('error', () => {});
  await made.setOptions({ key: certificate.key, cert: certificate.cert, ca: new Hub(server.connection).ca });
  return made;
}

/** Opens it; resolves with a function that says when it was cut off, 0 for not yet. */
async function connected(made) {
  let cut = 0;
  for (const event of ['disconnect', 'error']) made.on(event, () => { cut ||= Date.now(); });
  await made.open();
  return () => cut;
}

const isRefused = async made => assert.equal((await failure(made.open())).name, 'UnauthorizedError');

test('addresses in certificates lead to the CA, its list and its answers; who is revoked is cut off and refused, after kill -9 too', { timeout: 300_000 }, async () => {
  const port = await freePort();
  const all = [...ports, '--pki-port', `${port}`, '--pki-url', `http://127.0.0.1:${port}/`];
  let server = await startServer(all);
  try {
    const hub = new Hub(server.connection);
    const gatehouse = commandLine(server.data);
    const [policy, byEst, byCsr] = [unique('p'), unique('e'), unique('c')];
    await gatehouse('enrollment', 'policy', 'create', policy);
    const lost = await enroll(hub, byEst, await enrolled(gatehouse, byEst, policy));
    const good = await register(hub, byCsr, await enrolled(gatehouse, byCsr, policy));

    const addresses = await addressesOf(lost);
    assert.deepEqual(await addressesOf(good), addresses);
    assert.ok(Object.values(addresses).every(each => each.startsWith(`http://127.0.0.1:${port}/${hub.connection.dps.idScope}/`)), JSON.stringify(addresses));
    const authority = await authorityOf(lost, addresses.issuer);
    assert.match((await openssl('crl', '-inform', 'DER', '-in', await fetched(addresses.list, 'application/pkix-crl'), '-CAfile', authority, '-noout')).text, /verify OK/);
    for (const each of [lost, good]) {
      const status = await statusOf(each, authority, addresses.ocsp);
      assert.match(status, /Response verify OK/);
      assert.match(status, /: good/);
      // openssl fetches the list by itself.
      assert.match((await openssl('verify', '-crl_check', '-crl_download', '-CAfile', authority, each.certFile)).text, /: OK/);
    }

    const [first, second] = [await client(server, byEst, lost), await client(server, byCsr, good)];
    const [cut, other] = [await connected(first), await connected(second)];
    const revoked = await gatehouse('enrollment', 'revoke-certificate', lost.serial, '--reason', 'keyCompromise');

    assert.deepEqual([revoked.status, revoked.untoldHubs], ['revoked', undefined]);
    await until('the end of the connection', cut);
    await isRefused(await client(server, byEst, lost));
    assert.equal((await hub.refusal(byEst)).reason, 'CertificateRevoked');
    const saysSo = await statusOf(lost, authority, addresses.ocsp);
    assert.match(saysSo, /: revoked/);
    assert.match(saysSo, /Reason: keyCompromise/);
    const verdict = await until('the list that names it', async () => {
      const { text } = await openssl('verify', '-crl_check', '-crl_download', '-CAfile', authority, lost.certFile);
      return /certificate revoked/.test(text) && text;
    });
    assert.doesNotMatch(verdict, /unable to get/);
    assert.match((await openssl('crl', '-inform', 'DER', '-in', await fetched(addresses.list, 'application/pkix-crl'), '-noout', '-text')).text, new RegExp(`Serial Number: ${lost.serial}`));
    assert.match(await statusOf(good, authority, addresses.ocsp), /: good/);
    await second.sendEvent(new device.Message('still here'));
    assert.equal(other(), 0);
    await server.kill();

    server = await startServer(all, undefined, server.data);
    await isRefused(await client(server, byEst, lost));
    const back = await client(server, byCsr, good);
    await back.open();
    await back.close();
    assert.match(await statusOf(lost, authority, addresses.ocsp), /: revoked/);

    // Another CA for the policy: what the first one signed never leads to the second one's.
    await commandLine(server.data)('enrollment', 'policy', 'update', policy, '--new-authority');
    await until('the list that is no more', async () => (await fetch(addresses.list)).status === 404);
    await authorityOf(good, addresses.issuer);
    assert.match(await statusOf(good, authority, addresses.ocsp), /unauthorized/);
  } finally {
    await server.stop();
  }
});

test('kill -9 while certificates are revoked: what is written down as revoked is refused, and nothing else', { timeout: 300_000 }, async () => {
  let server = await startServer(ports);
  try {
    let hub = new Hub(server.connection);
    const gatehouse = commandLine(server.data);
    const policy = unique('p');
    await gatehouse('enrollment', 'policy', 'create', policy);
    const devices = [];
    for (let i = 0; i < 12; i++) {
      const id = unique('k');
      devices.push({ id, certificate: await register(hub, id, await enrolled(gatehouse, id, policy)) });
    }

    // All but the last two are on their way when the server is killed; the second to last waits for the first, so that at least one is through.
    const calls = devices.slice(0, -1).map(each => callService(hub, 'POST', `issuedCertificates/${each.certificate.serial}/revoke`).then(() => true, () => false));
    await Promise.race(calls);
    await server.kill();
    const answered = await Promise.all(calls);

    server = await startServer(ports, undefined, server.data);
    hub = new Hub(server.connection);
    const known = new Map((await commandLine(server.data)('enrollment', 'certificates')).map(each => [each.serialNumber, each]));
    for (const [index, { id, certificate }] of devices.entries()) {
      const { status, untoldHubs } = known.get(certificate.serial);
      assert.ok(!answered[index] || status === 'revoked', `${id} was answered and is ${status}`);
      assert.equal(untoldHubs, undefined);
      const session = await RawDevice.connect(hub, { deviceId: id }, {}, certificate);
      assert.equal(session.connack.returnCode, status === 'revoked' ? 5 : 0, `${id} is ${status}`);
      session.end();
    }

    assert.equal(known.get(devices.at(-1).certificate.serial).status, 'current');
    assert.ok([...known.values()].some(each => each.status === 'revoked'));
    assert.equal((await hub.call('GET', '/gatehouse/v1/audit/verify')).isIntact, true);
  } finally {
    await server.stop();
  }
});

for (const [rights, way] of [['RegistryRead,RegistryWrite,ServiceConnect,DeviceConnect', 'its list'], ['RegistryWrite,ServiceConnect', 'its registry']]) {
  test(`a hub on another server refuses what is revoked here by ${way}: at once, or when it is back`, { timeout: 300_000 }, async () => {
    const address = '127.0.0.3';
    const there = ['--host-name', address, '--mqtt-port', '0', '--amqp-port', '0'];
    const server = await startServer([...ports, '--private-endpoints']);
    let far = await startServer([...there, '--https-port', '0']);
    try {
      const hub = new Hub(server.connection);
      const gatehouse = commandLine(server.data);
      await commandLine(far.data)('policy', 'create', 'provisioning', '--rights', rights);
      const { connectionString } = await commandLine(far.data)('policy', 'connection-string', 'provisioning');
      const secret = file('.txt');
      fs.writeFileSync(secret, connectionString.replace(/HostName=[^;]*/, `HostName=${address}:${far.connection.ports.https}`));
      await gatehouse('dps', 'linked-hub', 'create', address, '--connection-string-from', secret, '--hub-ca-file', far.connection.caFile, '--apply-allocation-policy', 'false');
      const [policy, now, later] = [unique('p'), unique('n'), unique('l')];
      await gatehouse('enrollment', 'policy', 'create', policy);
      const certificates = {};
      for (const id of [now, later]) certificates[id] = await register(hub, id, await enrolled(gatehouse, id, policy, '--iot-hubs', address));
      assert.equal(certificates[now].assignedHub, address);

      const cut = await connected(await client(far, now, certificates[now], address));
      await gatehouse('enrollment', 'revoke-certificate', certificates[now].serial, '--reason', 'superseded');
      await until('the end of the connection', cut);
      await isRefused(await client(far, now, certificates[now], address));
      const untold = async id => (await gatehouse('enrollment', 'certificates', id))[0].untoldHubs;
      await until('the hub that was told', async () => !(await untold(now)));
      if (way === 'its list') {
        const [entry] = await commandLine(far.data)('revoke', 'list');
        assert.deepEqual([entry.reason, entry.note.includes(now)], ['superseded', true]);
      }

      const { https } = far.connection.ports;
      await far.kill();
      const revoked = await gatehouse('enrollment', 'revoke-certificate', certificates[later].serial);
      assert.deepEqual(revoked.untoldHubs.map(each => each.name), [address]);
      await until('the hub that is named', async () => /cannot be reached/.test((await untold(later))?.[0].problem));

      far = await startServer([...there, '--https-port', `${https}`], undefined, far.data);
      await until('the hub that was told', async () => !(await untold(later)));
      await isRefused(await client(far, later, certificates[later], address));
      await isRefused(await client(far, now, certificates[now], address));
    } finally {
      await far.stop();
      await server.stop();
    }
  });
}
