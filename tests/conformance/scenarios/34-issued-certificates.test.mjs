// Certificates issued at registration: openssl makes the CSR and checks what comes back; the unmodified client connects with it. No npm client sends a CSR, so the registration itself is by hand.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { folder, make, thumbprint } from '../lib/certificates.mjs';
import { commandLine } from '../lib/cli.mjs';
import { failure, Hub, sasToken, unique } from '../lib/hub.mjs';
import { derive, send } from '../lib/provisioning.mjs';
import { RawDevice } from '../lib/raw-mqtt.mjs';

const hub = Hub.running();
const gatehouse = commandLine(process.env.GATEHOUSE_CONFORMANCE_DATA);
const { idScope } = hub.connection.dps;
const openssl = (...args) => execFileSync('openssl', args, { stdio: ['ignore', 'pipe', 'pipe'], encoding: 'utf8' });

/** A key and a CSR for it, as an operator's script makes them: base64 of DER. */
function request(name, { curve = 'P-256', more = [] } = {}) {
  const base = path.join(folder, unique('csr'));
  openssl('req', '-new', '-newkey', 'ec', '-pkeyopt', `ec_paramgen_curve:${curve}`, '-nodes', '-keyout', `${base}.key`, '-subj', `/CN=${name}`, '-outform', 'DER', '-out', `${base}.csr`, ...more);
  return { key: fs.readFileSync(`${base}.key`, 'utf8'), csr: fs.readFileSync(`${base}.csr`).toString('base64') };
}

const headers = (id, key) => ({ Host: hub.connection.dps.hostName, Authorization: sasToken(`${idScope}/registrations/${id}`, key, { policyName: 'registration' }) });
const start = (id, key, csr) => hub.send('PUT', `/${idScope}/registrations/${id}/register?api-version=2026-04-01`, { registrationId: id, csr }, headers(id, key));

/** Registers over HTTPS; resolves with the registration state. */
async function register(id, key, csr) {
  const started = await start(id, key, csr);
  assert.equal(started.status, 202, JSON.stringify(started.body));
  const { body } = await hub.send('GET', `/${idScope}/registrations/${id}/operations/${started.body.operationId}?api-version=2026-04-01`, undefined, headers(id, key));
  assert.equal(body.status, 'assigned');
  return body.registrationState;
}

const pem = base64 => `-----BEGIN CERTIFICATE-----\n${base64.match(/.{1,64}/g).join('\n')}\n-----END CERTIFICATE-----\n`;

/** What the device presents, as files and as text. */
function issued(state, made) {
  assert.equal(state.issuedCertificateChain.length, 2);
  const [leaf, authority] = state.issuedCertificateChain.map(pem);
  const base = path.join(folder, unique('issued'));
  fs.writeFileSync(`${base}.pem`, leaf);
  fs.writeFileSync(`${base}-ca.pem`, authority);
  return { key: made.key, cert: leaf, certFile: `${base}.pem`, authorityFile: `${base}-ca.pem` };
}

test('a device gets a certificate, connects with it, renews it, and both work', async () => {
  const [policy, id] = [unique('p'), unique('e')];
  const made = await gatehouse('enrollment', 'policy', 'create', policy, '--validity-days', '7');
  await gatehouse('enrollment', 'create', id, '--credential-policy', policy);
  const { primaryKey: key } = await gatehouse('enrollment', 'keys', id);
  const wanted = request(id, { more: ['-addext', `subjectAltName=DNS:${id}`, '-addext', 'basicConstraints=critical,CA:TRUE', '-addext', 'keyUsage=keyCertSign'] });

  const state = await register(id, key, wanted.csr);
  const first = issued(state, wanted);

  assert.equal(state.issuedCertificateChain[1], made.certificate);
  assert.match(openssl('verify', '-x509_strict', '-purpose', 'sslclient', '-CAfile', first.authorityFile, first.certFile), /: OK/);
  assert.throws(() => openssl('verify', '-purpose', 'sslserver', '-CAfile', first.authorityFile, first.certFile), /certificate purpose/);
  const text = openssl('x509', '-in', first.certFile, '-noout', '-text');
  assert.match(text, /CA:FALSE/);
  assert.match(text, /TLS Web Client Authentication/);
  assert.doesNotMatch(text, /Certificate Sign/);
  await send(hub, state, undefined, first);

  const again = request(id, { curve: 'P-384' });
  const second = issued(await register(id, key, again.csr), again);
  await send(hub, state, undefined, second);
  await send(hub, state, undefined, first);
  const known = await gatehouse('enrollment', 'certificates', id);
  assert.deepEqual(known.map(each => [each.sha256Thumbprint, each.keyType, each.status, each.credentialPolicyName]), [
    [thumbprint(first, 'sha256'), 'ec-p256', 'superseded', policy],
    [thumbprint(second, 'sha256'), 'ec-p384', 'current', policy],
  ]);

  const last = request(id);
  await send(hub, state, undefined, issued(await register(id, key, last.csr), last));
  assert.ok(await failure(send(hub, state, undefined, first)));
});

test('a device that is connected with its certificate renews it at the hub', async () => {
  const [policy, id, other] = [unique('p'), unique('e'), unique('e')];
  await gatehouse('enrollment', 'policy', 'create', policy);
  await gatehouse('enrollment', 'create', id, '--credential-policy', policy);
  const { primaryKey: key } = await gatehouse('enrollment', 'keys', id);
  const wanted = request(id);
  const state = await register(id, key, wanted.csr);
  const first = issued(state, wanted);

  const device = await RawDevice.connect(hub, { deviceId: id }, { username: `${hub.host}/${id}/?api-version=2025-08-01-preview` }, first);
  assert.equal(device.connack.returnCode, 0);
  device.send({ cmd: 'subscribe', messageId: 1, subscriptions: [{ topic: '$iothub/credentials/res/#', qos: 1 }] });
  await device.next('suback');
  const ask = body => device.publish('$iothub/credentials/POST/issueCertificate/?$rid=r-01', JSON.stringify(body), 2);
  const answer = async () => { const { topic, payload } = await device.next('publish'); return [topic, JSON.parse(payload)]; };
  const foreign = request(other);
  ask({ id, csr: foreign.csr });
  assert.match((await answer())[0], /res\/202\//);
  const [refused, why] = await answer();
  assert.match(refused, /res\/400\//);
  assert.equal(why.errorCode, 400037);
  const again = request(id, { curve: 'P-384' });
  ask({ id, csr: again.csr });
  const [accepted, { correlationId }] = await answer();
  assert.match(accepted, /res\/202\/\?\$rid=r-01/);
  const [done, result] = await answer();
  assert.match(done, /res\/200\/\?\$rid=r-01/);
  assert.equal(result.correlationId, correlationId);
  const second = issued({ issuedCertificateChain: result.certificates }, again);
  assert.match(openssl('verify', '-purpose', 'sslclient', '-CAfile', first.authorityFile, second.certFile), /: OK/);
  device.publish(`devices/${id}/messages/events/`, 'still here', 3);
  await device.next('puback');
  device.end();

  await send(hub, state, undefined, second);
  assert.deepEqual((await gatehouse('enrollment', 'certificates', id)).map(each => [each.sha256Thumbprint, each.status]), [
    [thumbprint(first, 'sha256'), 'superseded'],
    [thumbprint(second, 'sha256'), 'current'],
  ]);
});

test('a group with a CA of the operator issues over MQTT, and to nobody in the name of another', async () => {
  const [policy, group, id, other] = [unique('p'), unique('g'), unique('d'), unique('d')];
  const authority = make(unique('ca'), { isAuthority: true });
  const keyFile = `${authority.keyFile}.p8`;
  openssl('pkcs8', '-topk8', '-nocrypt', '-in', authority.keyFile, '-out', keyFile);
  await gatehouse('enrollment', 'policy', 'create', policy, '--certificate', authority.certFile, '--private-key-from', keyFile);
  await gatehouse('enrollment', 'create', group, '--group', '--credential-policy', policy);
  const key = derive((await gatehouse('enrollment', 'keys', group, '--group')).primaryKey, id);
  const wanted = request(id);

  const device = await RawDevice.open(hub);
  const { Authorization: token } = headers(id, key);
  device.write(RawDevice.connectPacket(hub, { deviceId: id }, { username: `${idScope}/registrations/${id}/api-version=2025-07-01-preview&ClientVersion=raw`, password: Buffer.from(token) }));
  assert.equal((await device.next('connack')).returnCode, 0);
  device.send({ cmd: 'subscribe', messageId: 1, subscriptions: [{ topic: '$dps/registrations/res/#', qos: 1 }] });
  await device.next('suback');
  const ask = async (target, body) => {
    device.publish(`$dps/registrations/${target}`, JSON.stringify(body), 2);
    const reply = await device.next('publish');
    return { topic: reply.topic, body: JSON.parse(reply.payload) };
  };
  const refused = await ask('PUT/iotdps-register/?$rid=1', { registrationId: id, csr: request(other).csr });
  assert.match(refused.topic, /res\/400\//);
  assert.equal(refused.body.errorCode, 400037);
  const started = await ask('PUT/iotdps-register/?$rid=2', { registrationId: id, csr: wanted.csr });
  assert.match(started.topic, /res\/202\//);
  const done = await ask(`GET/iotdps-get-operationstatus/?$rid=3&operationId=${started.body.operationId}`, {});
  device.end();

  const certificate = issued(done.body.registrationState, wanted);
  assert.match(openssl('verify', '-purpose', 'sslclient', '-CAfile', authority.certFile, certificate.certFile), /: OK/);
  await send(hub, done.body.registrationState, undefined, certificate);
  assert.equal((await hub.refusal(id)).reason, 'CertificateRequestRefused');

  const bad = await start(id, key, request(id, { curve: 'P-521' }).csr);
  assert.deepEqual([bad.status, bad.body.errorCode], [400, 400037]);
  assert.match((await failure(gatehouse('enrollment', 'policy', 'delete', policy))).stderr, new RegExp(group));
  await gatehouse('enrollment', 'update', group, '--group', '--credential-policy', '');
  await gatehouse('enrollment', 'policy', 'delete', policy);
  assert.equal((await start(id, key, wanted.csr)).body.errorCode, 400004);
});
