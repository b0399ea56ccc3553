// What scenarios of the provisioning service share: its service client, devices that register, and their first message to the hub they got.
import { createHmac } from 'node:crypto';
import device from 'azure-iot-device';
import mqtt from 'azure-iot-device-mqtt';
import provisioning from 'azure-iot-provisioning-device';
import http from 'azure-iot-provisioning-device-http';
import service from 'azure-iot-provisioning-service';
import keys from 'azure-iot-security-symmetric-key';
import tpms from 'azure-iot-security-tpm';
import x509 from 'azure-iot-security-x509';
import { fields, sasToken } from './hub.mjs';

export const serviceClient = hub => service.ProvisioningServiceClient.fromConnectionString(hub.connection.dps.connectionString);

/** A call of the service API as the owner of the service. etag: for If-Match. */
export async function callService(hub, method, target, body, etag) {
  const policy = fields(hub.connection.dps.connectionString);
  const authorization = sasToken(policy.HostName, policy.SharedAccessKey, { policyName: policy.SharedAccessKeyName });
  return await hub.call(method, `/${target}?api-version=2021-10-01`, body, { Authorization: authorization, Host: policy.HostName, ...(etag ? { 'If-Match': etag } : {}) });
}

/** The key of one device of a group, as a factory derives it. */
export const derive = (groupKey, registrationId) => createHmac('sha256', Buffer.from(groupKey, 'base64')).update(registrationId).digest('base64');

export const withKey = (registrationId, key) => new keys.SymmetricKeySecurityClient(registrationId, key);

/** certificate: as lib/certificates.mjs makes it; chain: what the device sends beside it. */
export const withCertificate = (registrationId, certificate, chain = []) =>
  new x509.X509Security(registrationId, { cert: [certificate, ...chain].map(part => part.cert).join(''), key: certificate.key });

/** Registers with the unmodified client; resolves with the result that it gives. */
export async function register(hub, security, transport = new http.Http(), payload = undefined) {
  const client = provisioning.ProvisioningDeviceClient.create(hub.connection.dps.hostName, hub.connection.dps.idScope, transport, security);
  if (payload !== undefined) client.setProvisioningPayload(payload);
  return await client.register();
}

/** Sends one message from the provisioned device and waits until it can be read. options: of the client (certificate). */
export async function send(hub, result, key, certificate, chain = []) {
  const text = `HostName=${result.assignedHub};DeviceId=${result.deviceId};${certificate ? 'x509=true' : `SharedAccessKey=${key}`}`;
  const client = device.Client.fromConnectionString(text, mqtt.Mqtt);
  try {
    if (certificate) await client.setOptions({ cert: [certificate, ...chain].map(part => part.cert).join(''), key: certificate.key });
    await client.open();
    await client.sendEvent(new device.Message('provisioned'));
  } finally {
    await client.close();
  }
  return (await hub.events(result.deviceId, 1))[0];
}

/** Sends one message from the provisioned device; its tokens are signed by its TPM. Resolves when the hub has it. */
export async function sendByTpm(client, result) {
  const provider = tpms.TpmAuthenticationProvider.fromTpmSecurityClient(result.deviceId, result.assignedHub, client);
  const connected = device.Client.fromAuthenticationProvider(provider, mqtt.Mqtt);
  try {
    await connected.open();
    await connected.sendEvent(new device.Message('by tpm'));
  } finally {
    await connected.close();
    provider.stop();
  }
}
