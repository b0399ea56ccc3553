// From a revocation to closed sockets: devices with certificates of one CA hold MQTT sessions; each certificate is revoked by itself, then the CA of as many others at once.
//   revocation.mjs [COUNT]     1,000 sessions without a number
import { execFileSync } from 'node:child_process';
import { createHash, X509Certificate } from 'node:crypto';
import fs from 'node:fs';
import https from 'node:https';
import path from 'node:path';
import tls from 'node:tls';
import { request, serviceToken, startGatehouse, temporary } from './servers.mjs';

const count = Number(process.argv[2] ?? 1_000);
const folder = temporary('revocation');
const openssl = (...args) => execFileSync('openssl', args, { cwd: folder, stdio: ['ignore', 'pipe', 'pipe'] });
const server = await startGatehouse(process.env.STORE ? ['--store', process.env.STORE] : []);
const ca = fs.readFileSync(server.connection.caFile);
const agent = new https.Agent({ keepAlive: true, ca });
try {
  fs.writeFileSync(path.join(folder, 'leaf.ext'), 'basicConstraints=critical,CA:FALSE\nextendedKeyUsage=clientAuth\n');
  console.log(`| ${count.toLocaleString('en')} MQTT sessions, TLS, X.509 by a CA | p50 ms | p99 ms | longest ms | answer of the command, p50 ms |\n|---|---|---|---|---|`);
  for (const [what, revoke] of [['each certificate by itself, one after the other', one], ['their CA, all at once', all]]) {
    const name = revoke.name;
    openssl('req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-keyout', `${name}.key`, '-out', `${name}.pem`, '-subj', `/CN=bench ${name}`, '-days', '2', '-sha256');
    openssl('ecparam', '-genkey', '-name', 'prime256v1', '-noout', '-out', 'device.key');
    await request(server, 'PUT', `/gatehouse/v1/certificates/${name}`, { properties: { certificate: fs.readFileSync(path.join(folder, `${name}.pem`), 'utf8'), isVerified: true } });
    const sessions = [];
    for (let i = 0; i < count; i++) sessions.push(await connect(name, `${name}-${i}`));
    const answers = await revoke(name, sessions);
    const times = await Promise.all(sessions.map(session => session.closed));
    const [closed, answered] = [times.map((end, i) => end - sessions[i].revoked), answers].map(each => each.sort((a, b) => a - b));
    const at = (sorted, part) => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))].toFixed(1);
    console.log(`| ${what} | ${at(closed, 0.5)} | ${at(closed, 0.99)} | ${closed.at(-1).toFixed(1)} | ${at(answered, 0.5)} |`);
  }
} finally {
  await server.stop();
  agent.destroy();
  fs.rmSync(folder, { recursive: true, force: true });
}

/** The times until each command was answered. */
async function one(name, sessions) {
  const answers = [];
  for (const session of sessions) {
    session.revoked = performance.now();
    await post({ kind: 'certificate', thumbprint: session.thumbprint, reason: 'keyCompromise' });
    answers.push(performance.now() - session.revoked);
    await session.closed;
  }
  return answers;
}

async function all(name, sessions) {
  const start = performance.now();
  for (const session of sessions) session.revoked = start;
  await post({ kind: 'issuer', caName: name, reason: 'caCompromise' });
  return [performance.now() - start];
}

/** As `gatehouse revoke` does it, on a connection that is kept. */
async function post(body) {
  const text = JSON.stringify(body);
  await new Promise((done, fail) => {
    const call = https.request({
      host: 'localhost', port: server.connection.ports.https, method: 'POST', path: '/gatehouse/v1/revocations', agent,
      headers: { Authorization: serviceToken(server), 'Content-Type': 'application/json', 'Content-Length': Buffer.byteLength(text) },
    }, reply => { reply.resume(); reply.on('end', () => (reply.statusCode === 201 ? done() : fail(new Error(`revoke: ${reply.statusCode}`)))); });
    call.once('error', fail);
    call.end(text);
  });
}

async function connect(issuer, id) {
  await request(server, 'PUT', `/devices/${id}?api-version=2021-04-12`, { deviceId: id, authentication: { type: 'certificateAuthority' } });
  openssl('req', '-new', '-key', 'device.key', '-subj', `/CN=${id}`, '-out', 'device.csr');
  openssl('x509', '-req', '-in', 'device.csr', '-CA', `${issuer}.pem`, '-CAkey', `${issuer}.key`, '-CAcreateserial', '-days', '1', '-sha256', '-extfile', 'leaf.ext', '-out', 'device.pem');
  const [cert, key] = ['device.pem', 'device.key'].map(file => fs.readFileSync(path.join(folder, file)));
  const text = value => { const bytes = Buffer.from(value); return Buffer.concat([Buffer.from([bytes.length >> 8, bytes.length & 255]), bytes]); };
  const body = Buffer.concat([text('MQTT'), Buffer.from([4, 0x82, 0, 0]), text(id), text(`localhost/${id}/?api-version=2021-04-12`)]);
  const session = { thumbprint: createHash('sha256').update(new X509Certificate(cert).raw).digest('hex') };
  await new Promise((done, fail) => {
    const socket = tls.connect({ host: 'localhost', port: server.connection.ports.mqtt, ca, cert, key }, () => socket.write(Buffer.concat([Buffer.from([0x10, body.length]), body])));
    session.closed = new Promise(closed => socket.once('close', () => closed(performance.now())));
    socket.on('error', fail);
    socket.once('data', reply => (reply[0] === 0x20 && reply[3] === 0 ? done() : fail(new Error(`CONNACK ${reply.toString('hex')}`))));
  });
  return session;
}
