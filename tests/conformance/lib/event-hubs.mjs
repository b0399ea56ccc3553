// What scenarios of the Event-Hubs-compatible endpoint share: clients on a spare port, and devices that publish numbered messages.
import { EventHubConsumerClient } from '@azure/event-hubs';
import WebSocket from 'ws';
import { fields } from './hub.mjs';
import { RawDevice } from './raw-mqtt.mjs';

/** The unmodified client, sent to the port of this server. `secret`: another policy than the owner's. */
export function consumer(hub, { group = '$Default', overWebSocket = false, secret, ...options } = {}) {
  const { hub: { eventHubConnectionString }, ports } = hub.connection;
  const own = fields(eventHubConnectionString);
  const text = `Endpoint=sb://${hub.host}/;SharedAccessKeyName=${secret?.name ?? own.SharedAccessKeyName};SharedAccessKey=${secret?.key ?? own.SharedAccessKey};EntityPath=${own.EntityPath}`;
  return new EventHubConsumerClient(group, text, {
    retryOptions: { maxRetries: 0, timeoutInMs: 60_000 },
    ...(overWebSocket
      ? { customEndpointAddress: `sb://localhost:${ports.https}/`, webSocketOptions: { webSocket: WebSocket, webSocketConstructorOptions: { ca: hub.ca } } }
      : { customEndpointAddress: `sb://localhost:${ports.amqp}/` }),
    ...options,
  });
}

/** Collects events until `enough(events)`; rejects with the first error of the client. */
export async function collect(client, partition, startPosition, enough, { seconds = 90, ...options } = {}) {
  const events = [];
  let subscription;
  try {
    await new Promise((done, fail) => {
      const timer = setTimeout(() => fail(new Error(`${events.length} events came within ${seconds} s`)), seconds * 1000);
      const settle = (how, value) => { clearTimeout(timer); how(value); };
      const handlers = {
        processEvents: async some => { events.push(...some); if (enough(events)) settle(done); },
        processError: async error => settle(fail, error),
      };
      const settings = { startPosition, maxWaitTimeInSeconds: 1, maxBatchSize: 100, ...options };
      subscription = partition === undefined ? client.subscribe(handlers, settings) : client.subscribe(partition, handlers, settings);
    });
  } finally {
    await subscription?.close();
  }
  return events;
}

/** Resolves with the error that a receiver gets. */
export async function receiverError(client, partition, startPosition, options) {
  try {
    await collect(client, partition, startPosition, () => false, { seconds: 60, ...options });
  } catch (error) {
    return error;
  }
  throw new Error('the receiver was expected to fail');
}

/** Publishes numbered bodies over MQTT with many in flight; resolves when all are acknowledged. */
export async function publishNumbers(hub, identity, count, { from = 0, window = 500, bag = '' } = {}) {
  const device = await RawDevice.connect(hub, identity);
  if (device.connack.returnCode !== 0) throw new Error(`${identity.deviceId} was refused`);
  let [sent, acknowledged] = [0, 0];
  await new Promise((done, fail) => {
    device.socket.once('close', () => fail(new Error(`${identity.deviceId}: closed after ${acknowledged} of ${count}`)));
    const go = () => {
      for (; sent < count && sent - acknowledged < window; sent++) {
        device.publish(`devices/${identity.deviceId}/messages/events/${bag}`, String(from + sent), (sent % 60_000) + 1);
      }
      if (acknowledged === count) done();
    };
    device.socket.on('data', () => {
      acknowledged += device.packets.filter(packet => packet.cmd === 'puback').length;
      device.packets.length = 0;
      go();
    });
    go();
  });
  device.end();
}

export const bodyOf = event => (Buffer.isBuffer(event.body) ? event.body.toString() : String(event.body));
