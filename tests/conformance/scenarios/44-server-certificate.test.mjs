// The server's certificate and root change under open sessions of SDKs, and are taken back when clients refuse them. Own server, own data.
import assert from 'node:assert/strict';
import { execFile, execFileSync } from 'node:child_process';
import { X509Certificate } from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import { after, test } from 'node:test';
import { promisify } from 'node:util';
import common from 'azure-iot-common';
import device from 'azure-iot-device';
import mqtt from 'azure-iot-device-mqtt';
import { folder, make } from '../lib/certificates.mjs';
import { commandLine } from '../lib/cli.mjs';
import { Hub } from '../lib/hub.mjs';
import { startServer, until } from '../lib/server.mjs';

const args = ['--host-name', 'hub.example', '--mqtt-port', '0', '--amqp-port', '0', '--https-port', '0'];
let server = await startServer(args);
after(() => server.stop());

const change = (...words) => commandLine(server.data)('certificate', 'server', ...words);
const roots = () => fs.readFileSync(server.connection.caFile, 'utf8');
const seen = new Set();
const identity = await new Hub(server.connection).createDevice('steady');

/** An SDK's device that trusts these roots and no others. */
async function sdk(trusted, who = identity) {
  const key = who.authentication.symmetricKey.primaryKey;
  const client = device.Client.fromConnectionString(`HostName=${new Hub(server.connection).host};DeviceId=${who.deviceId};SharedAccessKey=${key};GatewayHostName=localhost:${server.connection.ports.mqtt}`, mqtt.Mqtt);
  client.setRetryPolicy(new common.NoRetry());
  client.on('error', () => {});
  await client.setOptions({ ca: trusted });
  await client.open();
  return client;
}

/** Sends until it is told to stop; every message must be acknowledged, by one session. */
async function steady(client) {
  const state = { sent: 0, failed: 0, drops: 0, stop: false };
  client.on('disconnect', () => { state.drops += state.stop ? 0 : 1; });
  state.ended = (async () => {
    while (!state.stop) {
      try { await client.sendEvent(new device.Message('steady')); state.sent++; } catch { state.failed++; }
    }
    await client.close();
  })();
  return state;
}

/** What OpenSSL's client is shown when it trusts this file; null when it refuses that. */
async function shown(trusted, name = 'localhost') {
  const connect = ['s_client', '-connect', `127.0.0.1:${server.connection.ports.mqtt}`, '-servername', name, '-CAfile', trusted, '-verify_return_error'];
  const running = promisify(execFile)('openssl', connect);
  running.child.stdin.end();
  try {
    const { stdout } = await running;
    return new X509Certificate(stdout.slice(stdout.indexOf('-----BEGIN'), stdout.indexOf('-----END') + 30)).fingerprint256.replaceAll(':', '').toLowerCase();
  } catch {
    return null;
  }
}

/** A certificate by an outside CA, as an operator brings one. */
function outside(names = 'DNS:hub.example,DNS:localhost,IP:127.0.0.1') {
  const authority = make('outside root', { isAuthority: true });
  const made = path.join(folder, `server-${fs.readdirSync(folder).length}`);
  fs.writeFileSync(`${made}.ext`, `subjectAltName=${names}\nextendedKeyUsage=serverAuth\nbasicConstraints=critical,CA:FALSE\n`);
  execFileSync('openssl', ['req', '-new', '-newkey', 'rsa:2048', '-nodes', '-keyout', `${made}.key`, '-subj', '/CN=outside', '-out', `${made}.csr`], { stdio: 'ignore' });
  execFileSync('openssl', ['x509', '-req', '-in', `${made}.csr`, '-CA', authority.certFile, '-CAkey', authority.keyFile, '-CAcreateserial', '-days', '30', '-sha256', '-extfile', `${made}.ext`, '-out', `${made}.pem`], { stdio: 'ignore' });
  return { cert: `${made}.pem`, key: `${made}.key`, root: authority.certFile, sha256: new X509Certificate(fs.readFileSync(`${made}.pem`)).fingerprint256.replaceAll(':', '').toLowerCase() };
}

test('a bad pair is refused in one line, and nothing has changed', async () => {
  const [before, one, two] = [await change('show'), outside(), outside()];
  await assert.rejects(change('stage', one.cert, '--private-key-from', two.key, '--root', one.root), error => /does not belong/.test(error.stderr) && error.stderr.trim().split('\n').length === 1 && !/PRIVATE/.test(error.stderr));
  await assert.rejects(change('stage', one.cert, '--private-key-from', one.key, '--root', two.root), error => /does not lead to the root/.test(error.stderr));
  await assert.rejects(change('stage', outside('DNS:localhost').cert, '--private-key-from', one.key), error => error.code !== 0);
  assert.deepEqual(await change('show'), before);
});

test('a certificate is switched under a session that sends, taken back when clients refuse it, and final when it is retired', { timeout: 120_000 }, async () => {
  const first = path.join(folder, 'first-root.pem');
  fs.writeFileSync(first, roots());
  const kept = await steady(await sdk(roots()));
  const [next, before] = [outside(), (await change('show')).present.sha256];
  const staged = await change('stage', next.cert, '--private-key-from', next.key, '--root', next.root);
  assert.equal(staged.state.next.sha256, next.sha256);
  assert.equal(await shown(server.connection.caFile), before);
  assert.equal(roots().split('BEGIN CERTIFICATE').length, 3);
  assert.doesNotMatch(JSON.stringify(staged), /PRIVATE/);

  await change('canary', '--percent', '50', '--roll-back-at', '0');
  await until('both were shown', async () => { seen.add(await shown(server.connection.caFile)); return seen.has(before) && seen.has(next.sha256); });

  // These know the old root only: they refuse it, and the server goes back by itself.
  await change('switch', '--roll-back-at', '10');
  for (let i = 0; i < 6; i++) await shown(first);
  const back = await until('it was taken back', async () => { const now = await change('show'); return now.phase === 'staged' && now; });
  assert.match(back.rolledBack, /unknown_ca|broken_off/);
  assert.equal(await shown(first), before);
  await until('the audit log has it', async () => (await commandLine(server.data)('audit', 'list', '--all')).some(each => each.action === 'serverCertificate.rollback' && each.actor === 'server'));

  // New SDKs that trust both get in after the switch; one that knows the old root only does not. The session goes on.
  await change('switch', '--roll-back-at', '0');
  assert.equal(await shown(server.connection.caFile), next.sha256);
  await assert.rejects(sdk(fs.readFileSync(first, 'utf8'), await new Hub(server.connection).createDevice('late')));
  const moved = await steady(await sdk(roots(), await new Hub(server.connection).createDevice('moved')));
  await until('both send', () => moved.sent > 3 && kept.sent > 3);
  await change('retire');
  const sent = kept.sent;
  await until('the session goes on', () => kept.sent > sent + 3);
  for (const state of [kept, moved]) {
    state.stop = true;
    await state.ended;
    assert.deepEqual([state.failed, state.drops], [0, 0]);
  }

  // A kill changes nothing of it.
  await server.kill();
  server = await startServer(args, undefined, server.data);
  assert.equal(await shown(server.connection.caFile), next.sha256);
  assert.equal((await change('show')).present.source, 'handed-in');
  await change('stage', '--files');
  await change('switch', '--roll-back-at', '0');
  await change('retire');
  assert.equal(await shown(first), before);
});

test('a new root is handed out, switched to under a session, and the old one retired', { timeout: 120_000 }, async () => {
  const old = path.join(folder, 'old-root.pem');
  fs.writeFileSync(old, roots());
  const kept = await steady(await sdk(roots()));
  await until('it sends', () => kept.sent > 3);
  const staged = await change('stage', '--new-root');
  assert.ok(staged.concerned.fails >= 1, JSON.stringify(staged.concerned));
  assert.equal((await change('roots')).roots, roots());
  const failing = await commandLine(server.data)('radar', '--without', `server-issuer/${staged.state.present.root}`, '--max', '1000');
  assert.ok(failing.value.some(each => each.deviceId === 'steady' && each.outcome === 'fails'));

  await change('switch', '--roll-back-at', '0');
  assert.equal(await shown(old), null);
  assert.equal(await shown(server.connection.caFile), staged.state.next.sha256);
  await change('retire');
  assert.equal(roots().split('BEGIN CERTIFICATE').length, 2);
  assert.ok(!fs.existsSync(path.join(server.data, 'keys/ca.key')));
  const moved = await sdk(roots(), await new Hub(server.connection).createDevice('after'));
  await moved.sendEvent(new device.Message('after'));
  await moved.close();
  const sent = kept.sent;
  await until('the session goes on', () => kept.sent > sent + 3);
  kept.stop = true;
  await kept.ended;
  assert.deepEqual([kept.failed, kept.drops], [0, 0]);
});
