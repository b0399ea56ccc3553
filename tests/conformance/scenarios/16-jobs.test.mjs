// Jobs with azure-iothub's JobClient and real devices: twin updates and methods over a condition, states, cancel, records; imports and exports with Registry and Azurite; kill -9 in the middle.
import assert from 'node:assert/strict';
import https from 'node:https';
import { after, before, test } from 'node:test';
import { ContainerSASPermissions } from '@azure/storage-blob';
import common from 'azure-iot-common';
import device from 'azure-iot-device';
import mqtt from 'azure-iot-device-mqtt';
import iothub from 'azure-iothub';
import { startAzurite } from '../lib/azurite.mjs';
import { failure, Hub, unique } from '../lib/hub.mjs';
import { sleep, startServer, until } from '../lib/server.mjs';

const hub = Hub.running();
const jobs = iothub.JobClient.fromConnectionString(hub.connectionString);
const registry = iothub.Registry.fromConnectionString(hub.connectionString);
const jobId = () => unique('job');

const ended = (client, id) => until(`the end of ${id}`, async () => {
  const { jobStatus } = await client.getJob(id);
  return ['completed', 'failed', 'cancelled'].includes(jobStatus.status) ? jobStatus : null;
});

async function make(count, on = registry) {
  const prefix = unique();
  const ids = [...Array(count).keys()].map(i => `${prefix}-${i}`);
  for (let i = 0; i < count; i += 100) await on.addDevices(ids.slice(i, i + 100).map(deviceId => ({ deviceId })));
  return ids;
}

const list = ids => `deviceId IN [${ids.map(id => `'${id}'`).join(', ')}]`;
const records = async (id, on = registry) => {
  const query = on.createQuery(`SELECT * FROM devices.jobs WHERE devices.jobs.jobId = '${id}'`, 100);
  const rows = [];
  while (query.hasMoreResults) rows.push(...(await query.next(query.continuationToken)).result);   // without its token, next() asks for the first page again
  return rows;
};

async function opened(deviceId) {
  const identity = (await registry.get(deviceId)).responseBody;
  const client = device.Client.fromConnectionString(hub.deviceConnectionString(identity), mqtt.Mqtt);
  client.setRetryPolicy(new common.NoRetry());
  client.on('error', () => {});
  await client.open();
  return client;
}

test('a twin update reaches every device of the condition, and a connected one hears of it', async () => {
  const ids = await make(5);
  const id = jobId();
  const client = await opened(ids[0]);
  try {
    const twin = await client.getTwin();
    let heard;
    twin.on('properties.desired', desired => { heard = desired; });
    await until('the subscription', () => heard);
    const { jobStatus: made } = await jobs.scheduleTwinUpdate(id, list(ids.slice(0, 4)), { etag: '*', tags: { wave: 1 }, properties: { desired: { speed: 7 } } }, new Date(), 60);
    assert.equal(made.jobId, id);
    assert.equal(made.type, 'scheduleUpdateTwin');
    assert.equal(made.status, 'queued');
    await until('the change', () => heard.speed === 7);
  } finally {
    await client.close();
  }

  const job = await ended(jobs, id);
  assert.equal(job.status, 'completed');
  assert.deepEqual(job.deviceJobStatistics, { deviceCount: 4, failedCount: 0, succeededCount: 4, runningCount: 0, pendingCount: 0 });
  assert.equal((await registry.getTwin(ids[3])).responseBody.tags.wave, 1);
  assert.equal((await registry.getTwin(ids[4])).responseBody.tags.wave, undefined);
  assert.deepEqual((await records(id)).map(row => [row.deviceId, row.status, row.jobType]), ids.slice(0, 4).map(deviceId => [deviceId, 'completed', 'scheduleUpdateTwin']));
});

test('a method asks connected devices at once, one that comes later when it comes, and keeps the answers', async () => {
  const ids = await make(3);
  const id = jobId();
  const clients = [];
  const serve = async deviceId => {
    const client = await opened(deviceId);
    clients.push(client);
    client.onDeviceMethod('reboot', (request, response) => response.send(207, { of: deviceId, got: request.payload }, () => {}));
  };
  try {
    await serve(ids[0]);
    await jobs.scheduleDeviceMethod(id, list(ids), { methodName: 'reboot', payload: { n: 5 }, responseTimeoutInSeconds: 10 }, new Date(), 30);
    await until('the first answer', async () => (await jobs.getJob(id)).jobStatus.deviceJobStatistics.succeededCount === 1);
    assert.equal((await jobs.getJob(id)).jobStatus.status, 'running');
    await serve(ids[1]);
    await until('the second answer', async () => (await jobs.getJob(id)).jobStatus.deviceJobStatistics.succeededCount === 2);
  } finally {
    for (const client of clients) await client.close();
  }

  const listed = (await jobs.createQuery('scheduleDeviceMethod', 'running').next()).result;
  assert.ok(listed.some(job => job.jobId === id));
  const { jobStatus: cancelled } = await jobs.cancelJob(id);
  assert.equal(cancelled.status, 'cancelled');
  const rows = await until('the records', async () => {
    const found = await records(id);
    return found.every(row => row.status === 'completed' || row.status === 'canceled') && found;
  });
  assert.deepEqual(rows.map(row => row.status), ['completed', 'completed', 'canceled']);
  assert.deepEqual(rows[1].outcome.deviceMethodResponse, { status: 207, payload: { of: ids[1], got: { n: 5 } } });
});

test('a job waits for its time, is cancelled before it, and refusals say why', async () => {
  const [deviceId] = await make(1);
  const id = jobId();
  const patch = { tags: { wave: 2 } };
  const { jobStatus } = await jobs.scheduleTwinUpdate(id, list([deviceId]), patch, new Date(Date.now() + 3_600_000), 60);
  assert.equal(jobStatus.status, 'scheduled');
  assert.equal((await failure(jobs.scheduleTwinUpdate(id, '*', patch))).response.statusCode, 409);
  const refused = await failure(jobs.scheduleTwinUpdate(jobId(), 'tags.wave = ', patch));
  assert.equal(refused.name, 'ArgumentError');
  assert.match(JSON.stringify(refused.responseBody ?? refused.message), /position 13/);
  assert.equal((await jobs.cancelJob(id)).jobStatus.status, 'cancelled');
  assert.equal((await jobs.getJob('never-made')).jobStatus.status, 'unknown');
  assert.deepEqual(await records(id), []);
});

/** azure-iothub dials port 443 and knows no other: its agent takes it to a server of our own. */
class Detour extends https.Agent {
  constructor(own) {
    super({ keepAlive: true, ca: own.ca });
    this.port = own.connection.ports.https;
  }

  createConnection(options, done) { return super.createConnection({ ...options, host: 'localhost', port: this.port }, done); }
}

// Slow enough that a job is met in the middle.
const options = ['--mqtt-port', '0', '--amqp-port', '0', '--https-port', '0', '--private-endpoints', '--throttle-limit', 'job-device-operations=60/s'];
let own;
before(async () => { own = await startServer(options); });
after(() => own.stop());
const clientsOf = server => {
  const there = new Hub(server.connection);
  const agent = new Detour(there);
  const made = [iothub.Registry.fromConnectionString(there.connectionString), iothub.JobClient.fromConnectionString(there.connectionString)];
  for (const client of made) client._restApiClient.setOptions({ http: { agent } });
  return [...made, there];
};

test('identities go to a container of Azurite and come back, with keys and twins', { timeout: 240_000 }, async () => {
  const azurite = await startAzurite({ containers: ['box', 'back'] });
  try {
    const sas = name => azurite.service.getContainerClient(name).generateSasUrl({ permissions: ContainerSASPermissions.parse('rwdlac'), expiresOn: new Date(Date.now() + 3_600_000) });
    const text = async (name, blob) => (await azurite.service.getContainerClient(name).getBlobClient(blob).downloadToBuffer()).toString();
    const [there] = clientsOf(own);
    const over = id => until(`the end of ${id}`, async () => {
      const job = await there.getJob(id);
      return ['completed', 'failed', 'cancelled'].includes(job.status) ? job : null;
    });

    const ids = await make(120, there);
    await there.updateTwin(ids[7], { tags: { site: 'north' } }, '*');
    const before = (await there.get(ids[7])).responseBody;
    const made = await there.exportDevicesToBlob(await sas('box'), false);
    assert.equal(made.type, 'export');
    assert.equal(made.status, 'enqueued');
    assert.equal((await over(made.jobId)).status, 'completed');
    const lines = (await text('box', 'devices.txt')).trim().split(/\r?\n/).map(line => JSON.parse(line));
    assert.equal(lines.length, 120);

    await there.removeDevices(ids.slice(0, 100).map(deviceId => ({ deviceId })), true);
    const second = await there.importDevicesFromBlob(await sas('box'), await sas('back'));
    assert.equal((await over(second.jobId)).status, 'completed');
    const again = (await there.get(ids[7])).responseBody;
    assert.deepEqual(again.authentication, before.authentication);
    assert.equal((await there.getTwin(ids[7])).responseBody.tags.site, 'north');
    assert.equal(await text('back', 'importErrors.log'), '');

    const bad = `{"id":"${unique()}","importMode":"update","status":"enabled"}\nno json\n`;
    await azurite.service.getContainerClient('box').getBlockBlobClient('devices.txt').upload(bad, bad.length);
    const third = await there.importDevicesFromBlob(await sas('box'), await sas('back'));
    assert.equal((await over(third.jobId)).failureReason, null);
    assert.deepEqual((await text('back', 'importErrors.log')).trim().split(/\r?\n/).map(line => JSON.parse(line).errorCode), ['DeviceNotFound', 'IotHubFormatError']);

    const { responseBody: all } = await there.listJobs();
    assert.deepEqual(all.map(job => job.jobId), [third.jobId, second.jobId, made.jobId]);
    await there.cancelJob(third.jobId);
    const readOnly = await azurite.service.getContainerClient('box').generateSasUrl({ permissions: ContainerSASPermissions.parse('r'), expiresOn: new Date(Date.now() + 3_600_000) });
    assert.match(JSON.stringify((await failure(there.exportDevicesToBlob(readOnly, true))).responseBody), /BlobContainerValidationError/);
  } finally {
    await azurite.stop();
  }
});

test('kill -9 in the middle: a job goes on where it was, and each twin is written once', { timeout: 300_000 }, async () => {
  let [there, client] = clientsOf(own);
  const count = 900;
  const ids = await make(count, there);
  const id = jobId();
  await client.scheduleTwinUpdate(id, `STARTS_WITH(deviceId, '${ids[0].slice(0, -1)}')`, { properties: { desired: { wave: 3 } } }, new Date(), 600);
  const done = async () => (await client.getJob(id)).jobStatus.deviceJobStatistics.succeededCount;
  for (let round = 0, before = 0; round < 3; round++) {
    before = await until('more of the job', async () => { const now = await done(); return now > before && now; });
    await sleep(Math.random() * 150);
    await own.kill();
    assert.ok(before < count, 'the job had ended before the kill');
    own = await startServer(options, undefined, own.data);
    [there, client] = clientsOf(own);
    const after = await done();
    assert.ok(after >= before && after < count, 'it goes on in the middle');
  }

  const job = await ended(client, id);
  assert.equal(job.status, 'completed');
  assert.deepEqual(job.deviceJobStatistics, { deviceCount: count, failedCount: 0, succeededCount: count, runningCount: 0, pendingCount: 0 });
  const [{ n }] = (await there.createQuery('SELECT COUNT() AS n FROM devices WHERE properties.desired.wave = 3 AND properties.desired.$version = 2').next()).result;
  assert.equal(n, count);
  assert.equal((await records(id, there)).length, count);
  const verified = await new Hub(own.connection).call('GET', '/gatehouse/v1/audit/verify');
  assert.equal(verified.isIntact, true);
});
