// Devices and modules send over AMQP and AMQP over WebSocket; every message is read back with its properties and stamps. rhea does what the SDK does not: batches, PLAIN, many devices on one connection.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import { before, test } from 'node:test';
import common from 'azure-iot-common';
import device from 'azure-iot-device';
import amqp from 'azure-iot-device-amqp';
import rhea from 'rhea';
import { failure, Hub, sasToken, unique } from '../lib/hub.mjs';
import { make, thumbprint, uploadVerified } from '../lib/certificates.mjs';

const hub = Hub.running();
const transports = [['Amqp', amqp.Amqp], ['AmqpWs', amqp.AmqpWs]];
const batchFormat = 0x80013700;
const root = make('amqp conformance root', { isAuthority: true });
const middle = make('amqp conformance middle', { issuer: root, isAuthority: true });

before(async () => await uploadVerified(hub, unique('root'), root));

async function sending(connectionString, transport, act) {
  const client = device.Client.fromConnectionString(connectionString, transport);
  await client.open();
  await act(client);
  await client.close();
}

const resource = identity => `${hub.host}/devices/${encodeURIComponent(identity.deviceId)}`;

for (const [name, transport] of transports) {
  test(`a device sends over ${name} and every property is read back`, async () => {
    const identity = await hub.createDevice();
    const message = new device.Message(JSON.stringify({ temperature: 21.5 }));
    message.messageId = 'm-1';
    message.correlationId = 'c-1';
    message.contentType = 'application/json';
    message.contentEncoding = 'utf-8';
    message.properties.add('plain', 'value');
    message.properties.add('odd key &=?', 'ü/#+%&= ');
    message.properties.add('empty', '');
    message.properties.add('iothub-connection-device-id', 'forged');

    await sending(hub.deviceConnectionString(identity), transport, client => client.sendEvent(message));

    const [event] = await hub.events(identity.deviceId, 1);
    assert.deepEqual(event.body, { temperature: 21.5 });
    assert.deepEqual(event.applicationProperties, { plain: 'value', 'odd key &=?': 'ü/#+%&= ', empty: '' });
    assert.equal(event.properties['message-id'], 'm-1');
    assert.equal(event.properties['correlation-id'], 'c-1');
    assert.equal(event.properties['content-type'], 'application/json');
    assert.equal(event.properties['content-encoding'], 'utf-8');
    assert.equal(event.annotations['iothub-connection-device-id'], identity.deviceId);
    assert.equal(event.annotations['iothub-connection-auth-generation-id'], identity.generationId);
    assert.deepEqual(JSON.parse(event.annotations['iothub-connection-auth-method']), { scope: 'device', type: 'sas', issuer: 'iothub', acceptingIpFilterRule: null });
    assert.equal(event.annotations['iothub-message-source'], 'Telemetry');
  });

  test(`a module sends over ${name}, outputs included`, async () => {
    const identity = await hub.createDevice();
    const module = await hub.createModule(identity.deviceId);
    const client = device.ModuleClient.fromConnectionString(hub.deviceConnectionString(module), transport);
    await client.open();
    await client.sendEvent(new device.Message('one'));
    await client.sendOutputEvent('alerts', new device.Message('two'));
    await client.close();

    const events = await hub.events(identity.deviceId, 2);

    assert.deepEqual(events.map(event => event.annotations['iothub-connection-module-id']), [module.moduleId, module.moduleId]);
    assert.deepEqual(events.map(event => event.annotations['iothub-outputname']), [undefined, 'alerts']);
  });

  test(`many messages and a large one arrive whole and in order over ${name}`, async () => {
    const identity = await hub.createDevice();
    await sending(hub.deviceConnectionString(identity), transport, async client => {
      await Promise.all(Array.from({ length: 500 }, (_, i) => client.sendEvent(new device.Message(String(i)))));
      await client.sendEvent(new device.Message(Buffer.alloc(200_000, 0x41)));
    });

    const events = await hub.events(identity.deviceId, 501);

    const texts = events.map(event => event.bodyText ?? Buffer.from(event.bodyBase64 ?? '', 'base64').toString());
    assert.deepEqual(events.slice(0, 500).map((event, i) => event.body ?? Number(texts[i])), Array.from({ length: 500 }, (_, i) => i));
    assert.equal(texts[500].length, 200_000);
  });

  test(`a policy key with DeviceConnect lets a device in over ${name}`, async () => {
    const identity = await hub.createDevice();
    const policy = await hub.call('GET', '/gatehouse/v1/policies/device');

    await sending(`HostName=${hub.host};DeviceId=${identity.deviceId};SharedAccessKeyName=device;SharedAccessKey=${policy.primaryKey}`, transport, client => client.sendEvent(new device.Message('x')));

    const [event] = await hub.events(identity.deviceId, 1);
    assert.equal(JSON.parse(event.annotations['iothub-connection-auth-method']).scope, 'hub');
  });

  test(`a token is renewed on an open connection over ${name}`, async () => {
    const identity = await hub.createDevice();
    const token = () => sasToken(resource(identity), identity.authentication.symmetricKey.primaryKey);
    const client = device.Client.fromSharedAccessSignature(token(), transport);
    await client.open();
    await client.sendEvent(new device.Message('before'));
    await client.updateSharedAccessSignature(sasToken(resource(identity), identity.authentication.symmetricKey.secondaryKey));
    await client.sendEvent(new device.Message('after'));
    await client.close();

    assert.equal((await hub.events(identity.deviceId, 2)).length, 2);
  });

  test(`a wrong key is refused over ${name}, and the operator reads why`, async () => {
    const identity = await hub.createDevice();
    const client = device.Client.fromConnectionString(`HostName=${hub.host};DeviceId=${identity.deviceId};SharedAccessKey=${Buffer.alloc(32, 7).toString('base64')}`, transport);

    const error = await failure(client.open());

    assert.equal(error.name, 'UnauthorizedError');
    const refusal = await hub.refusal(identity.deviceId);
    assert.equal(refusal.reason, 'TokenSignatureWrong');
    assert.equal(refusal.protocol, name === 'Amqp' ? 'amqp' : 'amqp-ws');
  });

  test(`disabling a device cuts it off while it is connected over ${name}`, async () => {
    const identity = await hub.createDevice();
    const client = device.Client.fromConnectionString(hub.deviceConnectionString(identity), transport);
    client.setRetryPolicy(new common.NoRetry());
    client.on('error', () => {});
    await client.open();
    await client.sendEvent(new device.Message('x'));
    await hub.call('PUT', `/devices/${identity.deviceId}?api-version=2021-04-12`, { ...identity, status: 'disabled' }, { 'If-Match': '*' });

    const error = await failure(client.sendEvent(new device.Message('y')));

    assert.ok(['UnauthorizedError', 'NotConnectedError'].includes(error.name), `${error.name}: ${error.message}`);
    assert.equal((await hub.refusal(identity.deviceId)).reason, 'IdentityDisabled');
    await client.close().catch(() => {});
    assert.equal((await hub.events(identity.deviceId, 1)).length, 1);
  });

  for (const hash of ['sha1', 'sha256']) {
    test(`${hash} thumbprint over ${name}`, async () => {
      const certificate = make('any subject');
      const identity = await hub.createDevice(unique(), { authentication: { type: 'selfSigned', x509Thumbprint: { primaryThumbprint: thumbprint(certificate, hash), secondaryThumbprint: null } } });
      await sendsByCertificate(identity.deviceId, certificate, [], transport);
    });
  }

  test(`a chain to a verified CA over ${name}`, async () => {
    const { deviceId } = await hub.createDevice(unique(), { authentication: { type: 'certificateAuthority' } });
    await sendsByCertificate(deviceId, make(deviceId, { issuer: middle }), [middle], transport);
  });

  test(`another's certificate is refused over ${name}`, async () => {
    const { deviceId } = await hub.createDevice(unique(), { authentication: { type: 'certificateAuthority' } });
    const client = device.Client.fromConnectionString(`HostName=${hub.host};DeviceId=${deviceId};x509=true`, transport);
    client.setRetryPolicy(new common.NoRetry());
    const other = make(`${deviceId}0`, { issuer: middle });
    await client.setOptions({ cert: other.cert + middle.cert, key: other.key });

    const error = await failure(client.open().then(() => client.sendEvent(new device.Message('x'))));

    assert.equal(error.name, 'UnauthorizedError');
    assert.equal((await hub.refusal(deviceId)).reason, 'CertificateNameMismatch');
    await client.close().catch(() => {});
  });
}

async function sendsByCertificate(deviceId, certificate, chain, transport) {
  const client = device.Client.fromConnectionString(`HostName=${hub.host};DeviceId=${deviceId};x509=true`, transport);
  await client.setOptions({ cert: [certificate, ...chain].map(part => part.cert).join(''), key: certificate.key });
  await client.open();
  await client.sendEvent(new device.Message('x'));
  await client.close();
  const [event] = await hub.events(deviceId, 1);
  assert.deepEqual(JSON.parse(event.annotations['iothub-connection-auth-method']), { scope: 'device', type: 'x509Certificate', issuer: 'external', acceptingIpFilterRule: null });
}

test('a security message keeps its marker', async () => {
  const identity = await hub.createDevice();
  const message = new device.Message('{}');
  message.setAsSecurityMessage();

  await sending(hub.deviceConnectionString(identity), amqp.Amqp, client => client.sendEvent(message));

  const [event] = await hub.events(identity.deviceId, 1);
  assert.equal(event.properties['iothub-interface-id'] ?? event.annotations['iothub-interface-id'], 'urn:azureiot:Security:SecurityAgent:1');
});

for (const id of ["a-b.c+d%e_f#g*h?i!j(k)l,m:n=o@p$q'r", 'a%41', '#', 'x'.repeat(128)]) {
  test(`a device may be called ${id.slice(0, 40)}`, async () => {
    const name = id.length >= 100 ? unique().padEnd(128, 'x') : `${unique()}${id}`;
    const identity = await hub.createDevice(name);
    await sending(hub.deviceConnectionString(identity), amqp.Amqp, client => client.sendEvent(new device.Message('x')));
    assert.equal((await hub.events(name, 1))[0].annotations['iothub-connection-device-id'], name);
  });
}

/** A rhea connection that is open. */
async function connect(more = {}) {
  const container = rhea.create_container();
  const connection = container.connect({ host: 'localhost', hostname: hub.host, port: hub.connection.ports.amqp, transport: 'tls', ca: fs.readFileSync(hub.connection.caFile), reconnect: false, ...more });
  connection.on('error', () => {});
  await new Promise((done, fail) => {
    connection.once('connection_open', done);
    connection.once('connection_error', context => fail(context.connection.error));
    connection.once('disconnected', context => fail(context.error ?? new Error('disconnected')));
  });
  connection.removeAllListeners('disconnected');
  return connection;
}

async function putToken(connection, audience, token) {
  const receiver = connection.open_receiver({ source: '$cbs', target: 'cbs' });
  const sender = connection.open_sender('$cbs');
  const [reply] = await Promise.all([
    new Promise(done => receiver.once('message', context => done(context.message))),
    new Promise(done => sender.once('sendable', () => done(sender.send({
      message_id: 'token', reply_to: 'cbs', application_properties: { operation: 'put-token', type: 'servicebus.windows.net:sastoken', name: audience }, body: token,
    })))),
  ]);
  return reply.application_properties['status-code'];
}

async function openSender(connection, address) {
  const sender = connection.open_sender(address);
  await new Promise((done, fail) => {
    sender.once('sendable', done);
    sender.once('sender_error', context => fail(context.sender.error));
  });
  return sender;
}

async function outcome(sender, message, format) {
  return await new Promise(done => {
    for (const state of ['accepted', 'rejected', 'released']) {
      sender.once(state, context => done({ state, condition: context.delivery.remote_state?.error?.condition }));
    }
    sender.send(message, undefined, format);
  });
}

test('a batch is one outcome and many events; a bad one stores nothing', async () => {
  const identity = await hub.createDevice();
  const connection = await connect();
  assert.equal(await putToken(connection, `${hub.host}/devices/${identity.deviceId}`, sasToken(resource(identity), identity.authentication.symmetricKey.primaryKey)), 200);
  const sender = await openSender(connection, `amqps://${hub.host}/devices/${identity.deviceId}/messages/events`);
  const part = i => rhea.message.encode({ message_id: `m-${i}`, user_id: Buffer.from('u-1'), application_properties: { i }, body: rhea.message.data_section(Buffer.from(`{"i":${i}}`)), content_type: 'application/json' });
  const batch = parts => rhea.message.encode({ body: rhea.message.data_sections(parts) });

  assert.equal((await outcome(sender, batch([part(0), Buffer.from('rubbish')]), batchFormat)).state, 'rejected');
  assert.equal((await outcome(sender, batch(Array.from({ length: 50 }, (_, i) => part(i))), batchFormat)).state, 'accepted');
  connection.close();

  const events = await hub.events(identity.deviceId, 50);
  assert.deepEqual(events.map(event => event.properties['message-id']), Array.from({ length: 50 }, (_, i) => `m-${i}`));
  assert.equal(events[0].properties['user-id'], 'u-1'); // the Node SDK leaves it out over AMQP
  assert.deepEqual(events.map(event => event.applicationProperties.i), Array.from({ length: 50 }, (_, i) => String(i)));
});

test('two devices on one connection: what befalls one does not touch the other', async () => {
  const [one, two] = [await hub.createDevice(), await hub.createDevice()];
  const connection = await connect();
  for (const identity of [one, two]) {
    assert.equal(await putToken(connection, `${hub.host}/devices/${identity.deviceId}`, sasToken(resource(identity), identity.authentication.symmetricKey.primaryKey)), 200);
  }
  const senders = [await openSender(connection, `/devices/${one.deviceId}/messages/events`), await openSender(connection, `/devices/${two.deviceId}/messages/events`)];
  const detached = new Promise(done => senders[0].once('sender_error', context => done(context.sender.error.condition)));

  await hub.call('PUT', `/devices/${one.deviceId}?api-version=2021-04-12`, { ...one, status: 'disabled' }, { 'If-Match': '*' });

  assert.equal(await detached, 'amqp:unauthorized-access');
  assert.equal((await outcome(senders[1], { body: rhea.message.data_section(Buffer.from('x')) })).state, 'accepted');
  const refused = await failure(openSender(connection, `/devices/${one.deviceId}/messages/events`));
  assert.equal(refused.condition, 'amqp:unauthorized-access');
  connection.close();
});

test('a device proves itself by SASL PLAIN', async () => {
  const identity = await hub.createDevice();
  const token = sasToken(resource(identity), identity.authentication.symmetricKey.primaryKey);
  const label = hub.host.split('.')[0];
  const connection = await connect({ username: `${identity.deviceId}@sas.${label}`, password: token });
  const sender = await openSender(connection, `/devices/${identity.deviceId}/messages/events`);
  assert.equal((await outcome(sender, { body: 'text' })).state, 'accepted');
  assert.equal((await outcome(sender, { body: 5 })).condition, 'com.microsoft:argument-error');
  connection.close();

  await failure(connect({ username: `other@sas.${label}`, password: token }));
  assert.equal((await hub.events(identity.deviceId, 1)).length, 1);
});
