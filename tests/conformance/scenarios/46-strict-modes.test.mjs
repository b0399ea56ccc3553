// Strict modes: the tokens that the SDK makes by itself pass a limit of an hour, long ones are refused and cut off, and where certificates are wanted no token opens a door, where own tokens are wanted none of a policy; a device that is bound to networks comes from nowhere else. What concerns a whole hub has servers of its own.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import common from 'azure-iot-common';
import device from 'azure-iot-device';
import http from 'azure-iot-device-http';
import { make, uploadVerified } from '../lib/certificates.mjs';
import { commandLine } from '../lib/cli.mjs';
import { clientOf, closing, transports } from '../lib/device-steps.mjs';
import { failure, Hub, sasToken, unique } from '../lib/hub.mjs';
import { RawDevice } from '../lib/raw-mqtt.mjs';
import { startServer, until } from '../lib/server.mjs';

const ports = ['--mqtt-port', '0', '--amqp-port', '0', '--https-port', '0'];
const years = () => Math.floor(Date.now() / 1000) + 3650 * 86400;

/** The token that the SDK connects with when it is given a connection string and nothing else. */
async function sdkToken(hub, identity) {
  const provider = device.SharedAccessKeyAuthenticationProvider.fromConnectionString(hub.deviceConnectionString(identity));
  try {
    return await new Promise((done, fail) => provider.getDeviceCredentials((error, credentials) => (error ? fail(error) : done(credentials.sharedAccessSignature))));
  } finally {
    provider.stop();
  }
}

const longToken = (hub, identity) => sasToken(`${hub.host}/devices/${identity.deviceId}`, identity.authentication.symmetricKey.primaryKey, { expiry: years() });
const connect = (hub, identity, token) => RawDevice.connect(hub, identity, { password: Buffer.from(token) });

async function goesOn(session) {
  session.send({ cmd: 'pingreq' });
  await session.next('pingresp');
}

test('a limit of an hour cuts off a token for years, refuses it at every door, and lets the tokens of the SDK and the back ends in', { timeout: 300_000 }, async () => {
  const server = await startServer(ports);
  try {
    const hub = new Hub(server.connection);
    const gatehouse = commandLine(server.data);
    const [old, usual] = [await hub.createDevice('strict-long'), await hub.createDevice('strict-sdk')];
    const [first, second] = [await connect(hub, old, longToken(hub, old)), await connect(hub, usual, await sdkToken(hub, usual))];
    assert.deepEqual([first.connack.returnCode, second.connack.returnCode], [0, 0]);

    const drill = await gatehouse('strict', 'set', '--max-token-lifetime', '3600', '--drill');
    assert.deepEqual([drill.live, drill.liveCount, drill.stayCount, drill.danger], [['strict-long'], 1, 1, null]);
    await goesOn(first);
    await gatehouse('strict', 'set', '--max-token-lifetime', '3600');

    assert.equal(await first.untilClosed(), true);
    await goesOn(second);
    assert.equal((await connect(hub, old, longToken(hub, old))).connack.returnCode, 5);
    const overHttp = await hub.send('GET', '/devices/strict-long/messages/devicebound?api-version=2021-04-12', undefined, { Authorization: longToken(hub, old) });
    assert.equal(overHttp.status, 401);
    const refusal = await hub.refusal('strict-long');
    assert.equal(refusal.reason, 'TokenLifetimeTooLong');
    assert.match(refusal.detail, /takes none that ends in more than 3600 s/);
    const again = await connect(hub, old, await sdkToken(hub, old));
    assert.equal(again.connack.returnCode, 0);

    // Back ends too; a token of an hour, as the service SDKs make it, is taken.
    const { SharedAccessKeyName: policyName, SharedAccessKey: key } = hub.policy;
    const forYears = await hub.send('GET', '/devices/strict-sdk?api-version=2021-04-12', undefined, { Authorization: sasToken(hub.host, key, { policyName, expiry: years() }) });
    assert.equal(forYears.status, 401);
    await hub.call('GET', '/devices/strict-sdk?api-version=2021-04-12');
    for (const session of [second, again]) session.end();
  } finally {
    await server.stop();
  }
});

test('where certificates are wanted the device with a key is cut off and the one with a certificate stays, also after kill -9', { timeout: 300_000 }, async () => {
  let server = await startServer(ports);
  try {
    let hub = new Hub(server.connection);
    const root = make('strict root', { isAuthority: true });
    await uploadVerified(hub, 'root', root);
    const byKey = await hub.createDevice('strict-key');
    await assert.rejects(commandLine(server.data)('strict', 'set', '--devices', 'x509'), /None of the 1 devices and modules/);
    await hub.createDevice('strict-cert', { authentication: { type: 'certificateAuthority' } });
    const certificate = make('strict-cert', { issuer: root });
    const [first, second] = [await connect(hub, byKey, await sdkToken(hub, byKey)), await RawDevice.connect(hub, { deviceId: 'strict-cert' }, {}, certificate)];
    assert.deepEqual([first.connack.returnCode, second.connack.returnCode], [0, 0]);

    const done = await commandLine(server.data)('strict', 'set', '--devices', 'x509');

    assert.deepEqual([done.live, done.registered, done.remainingCount], [['strict-key'], ['strict-key'], 1]);
    assert.equal(await first.untilClosed(), true);
    await goesOn(second);
    await server.kill();

    server = await startServer(ports, undefined, server.data);
    hub = new Hub(server.connection);
    assert.equal((await connect(hub, byKey, await sdkToken(hub, byKey))).connack.returnCode, 5);
    assert.equal((await hub.refusal('strict-key')).reason, 'TokenNotAccepted');
    const back = await RawDevice.connect(hub, { deviceId: 'strict-cert' }, {}, certificate);
    assert.equal(back.connack.returnCode, 0);
    back.end();

    await commandLine(server.data)('strict', 'set', '--devices', 'any');
    const again = await connect(hub, byKey, await sdkToken(hub, byKey));
    assert.equal(again.connack.returnCode, 0);
    again.end();
    assert.equal((await hub.call('GET', '/gatehouse/v1/audit/verify')).isIntact, true);
  } finally {
    await server.stop();
  }
});

for (const [name, transport] of Object.entries(transports)) {
  test(`a device that is bound to other networks is cut off and refused over ${name}, and comes back when it is bound to its own`, { timeout: 300_000 }, async () => {
    const hub = Hub.running();
    const gatehouse = commandLine(process.env.GATEHOUSE_CONFORMANCE_DATA);
    const identity = await hub.createDevice(unique('bound'));
    const open = async () => {
      const client = clientOf(hub, identity, transport);
      client.setRetryPolicy(new common.NoRetry());
      client.on('error', () => {});
      await client.open();
      await client.sendEvent(new device.Message('x'));
      return client;
    };
    const bind = (...more) => gatehouse('strict', 'network', 'set', identity.deviceId, ...more);
    const first = await open();
    assert.equal((await bind('127.0.0.0/8', '::1')).liveCount, 0);
    await first.sendEvent(new device.Message('goes on'));

    // The connection lives, and none other is there: the wrong networks need force.
    let cut = false;
    for (const event of ['disconnect', 'error']) first.on(event, () => { cut = true; });
    await assert.rejects(bind('203.0.113.0/24', '2001:db8::/32'), /which is in none of these networks/);
    assert.equal(cut, false);
    const done = await bind('203.0.113.0/24', '2001:db8::/32', '--force');
    assert.deepEqual([done.isChanged, done.stayCount, [...new Set(done.live.map(each => each.identity))]], [true, 0, [identity.deviceId]]);
    // Over AMQP it is a link that ends, which the SDK tells to whoever uses it next.
    await until('the end of the connection', async () => cut || await first.sendEvent(new device.Message('y')).then(() => false, () => true));

    assert.equal((await failure(open())).name, 'UnauthorizedError');
    const refusal = await hub.refusal(identity.deviceId);
    assert.deepEqual([refusal.reason, refusal.protocol], ['NetworkNotAllowed', { Mqtt: 'mqtt', MqttWs: 'mqtt-ws', Amqp: 'amqp', AmqpWs: 'amqp-ws' }[name]]);
    assert.match(refusal.detail, /(127\.0\.0\.1|::1), which is in none of the networks that '.*' is bound to \(203\.0\.113\.0\/24 2001:db8::\/32\)/);
    const overHttp = clientOf(hub, identity, http.Http);
    assert.equal((await failure(overHttp.open().then(() => overHttp.sendEvent(new device.Message('x'))))).name, 'UnauthorizedError');

    await gatehouse('strict', 'network', 'remove', identity.deviceId);
    await closing(await open());
    await closing(first);
  });
}

test('where devices must show tokens of their own keys a policy opens no device, the SDK does with a connection string of the device, and a token for a part sends and does no more', { timeout: 300_000 }, async () => {
  const server = await startServer(ports);
  try {
    const hub = new Hub(server.connection);
    const gatehouse = commandLine(server.data);
    const identity = await hub.createDevice('strict-own');
    const { SharedAccessKeyName: policyName, SharedAccessKey: policyKey } = hub.policy;
    const resource = `${hub.host}/devices/strict-own`;
    const ofPolicy = [hub.host, `${hub.host}/devices`, resource].map(scope => sasToken(scope, policyKey, { policyName }));
    const part = sasToken(`${resource}/messages/events`, identity.authentication.symmetricKey.primaryKey);
    const byPolicy = await connect(hub, identity, ofPolicy[2]);
    assert.equal(byPolicy.connack.returnCode, 0);
    assert.equal((await connect(hub, identity, part)).connack.returnCode, 5);
    const post = Authorization => hub.send('POST', '/devices/strict-own/messages/events?api-version=2021-04-12', 'by a part', { Authorization });
    assert.equal((await post(part)).status, 401);

    const done = await gatehouse('strict', 'set', '--device-tokens', 'own', '--force');

    assert.deepEqual([done.live, done.strictness.deviceTokens], [['strict-own'], 'own']);
    assert.equal(await byPolicy.untilClosed(), true);
    for (const token of ofPolicy) {
      assert.equal((await connect(hub, identity, token)).connack.returnCode, 5);
      assert.equal((await post(token)).status, 401);
    }
    await until('the refusal in the log', async () => (await hub.refusals('strict-own')).some(each => each.reason === 'TokenTooWide'));

    const usual = await connect(hub, identity, await sdkToken(hub, identity));
    assert.equal(usual.connack.returnCode, 0);
    await goesOn(usual);
    usual.end();
    await hub.call('GET', '/devices/strict-own?api-version=2021-04-12');

    assert.equal((await post(part)).status, 204);
    assert.equal((await hub.events('strict-own', 1)).length, 1);
    const receive = await hub.send('GET', '/devices/strict-own/messages/devicebound?api-version=2021-04-12', undefined, { Authorization: part });
    assert.equal(receive.status, 401);
    const narrow = await connect(hub, identity, part);
    assert.equal(narrow.connack.returnCode, 0);
    narrow.publish('devices/strict-own/messages/events/', 'by a part');
    await narrow.next('puback');
    narrow.send({ cmd: 'subscribe', messageId: 2, subscriptions: [{ topic: '$iothub/twin/res/#', qos: 0 }] });
    assert.equal(await narrow.untilClosed(), true);
  } finally {
    await server.stop();
  }
});
