// What a back end and a device do with each other, in the words of the SDKs; for scenarios of what hubs send to devices.
import common from 'azure-iot-common';
import device from 'azure-iot-device';
import amqp from 'azure-iot-device-amqp';
import mqtt from 'azure-iot-device-mqtt';
import iothub from 'azure-iothub';

export const transports = { Mqtt: mqtt.Mqtt, MqttWs: mqtt.MqttWs, Amqp: amqp.Amqp, AmqpWs: amqp.AmqpWs };

/** A back end: methods, twins and messages of devices and modules. */
export class BackEnd {
  constructor(hub) {
    this.hub = hub;
    this.client = iothub.Client.fromConnectionString(hub.connectionString);
    this.registry = iothub.Registry.fromConnectionString(hub.connectionString);
  }

  /** Answers { status, payload }. */
  async invoke(identity, methodName, payload = null, more = {}) {
    const call = { methodName, payload, responseTimeoutInSeconds: 10, ...more };
    const answer = identity.moduleId ? await this.client.invokeDeviceMethod(identity.deviceId, identity.moduleId, call) : await this.client.invokeDeviceMethod(identity.deviceId, call);
    return answer.result;
  }

  /** The HTTP status that a method call is refused with; 200 when it is not. */
  async refusal(identity, methodName, more) {
    try { await this.invoke(identity, methodName, null, more); return 200; } catch (error) { return error.response?.statusCode ?? error; }
  }

  async update(identity, patch) {
    return (identity.moduleId ? await this.registry.updateModuleTwin(identity.deviceId, identity.moduleId, patch, '*') : await this.registry.updateTwin(identity.deviceId, patch, '*')).responseBody;
  }

  async twin(identity) {
    return (identity.moduleId ? await this.registry.getModuleTwin(identity.deviceId, identity.moduleId) : await this.registry.getTwin(identity.deviceId)).responseBody;
  }

  /** Sends a message whose body is its id. */
  async send(identity, body, more = {}) {
    const message = Object.assign(new common.Message(body), { messageId: body, ...more });
    message.properties.add('size+%', 'v=1&2 ü/');
    await this.client.send(identity.deviceId, message);
  }

  async waiting(identity) {
    return (await this.hub.call('GET', `/devices/${encodeURIComponent(identity.deviceId)}?api-version=2021-04-12`)).cloudToDeviceMessageCount;
  }
}

/** A certificate for a module: the SDK's own provider knows devices only. */
class CertificateProvider {
  constructor(host, { deviceId, moduleId }, x509) { this.type = common.AuthenticationType.X509; this.credentials = { host, deviceId, moduleId, x509 }; }

  getDeviceCredentials(done) { if (done) { done(null, this.credentials); return undefined; } return Promise.resolve(this.credentials); }

  setX509Options(x509) { this.credentials.x509 = x509; }
}

/** A client of the identity by its certificate when there is one, else by its key. */
export function clientOf(hub, identity, transport, { certificate, connectionString = hub.deviceConnectionString(identity), provider } = {}) {
  const Client = identity.moduleId ? device.ModuleClient : device.Client;
  if (certificate) return Client.fromAuthenticationProvider(new CertificateProvider(hub.host, identity, certificate), transport);
  return provider ? Client.fromAuthenticationProvider(provider, transport) : Client.fromConnectionString(connectionString, transport);
}

/** A device with everything switched on: what it hears is kept, methods answer with `status`. `retries`: it connects again by itself. */
export async function listening(client, { status = 200, retries = false } = {}) {
  const heard = { client, changes: [], messages: [], calls: [], problems: [] };
  if (!retries) client.setRetryPolicy(new common.NoRetry());
  client.on('error', error => heard.problems.push(error));
  client.on('disconnect', reason => heard.problems.push(reason));
  await client.open();
  (client.onDeviceMethod ?? client.onMethod).call(client, 'reboot', (request, response) => {
    heard.calls.push(request.payload);
    response.send(status, { done: request.payload }, () => {});
  });
  if (client.onDeviceMethod) client.on('message', message => { heard.messages.push(message); client.complete(message, () => {}); });
  heard.twin = await client.getTwin();
  heard.twin.on('properties.desired', change => heard.changes.push(change));

  // Answered after the subscription that was sent before it. The SDK tells what it knows already as a change, too.
  await report(heard.twin, { listens: true });
  heard.changes.length = 0;
  return heard;
}

export const report = (twin, patch) => new Promise((done, fail) => { twin.properties.reported.update(patch, error => (error ? fail(error) : done())); });

export const closing = client => client.close().catch(() => {});
