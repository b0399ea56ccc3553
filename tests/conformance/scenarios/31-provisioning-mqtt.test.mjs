// Registration over MQTT and MQTT over WebSocket with unmodified clients: keys and certificates, individual and group; refusals; then the device connects and sends.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import mqtt from 'azure-iot-provisioning-device-mqtt';
import { make } from '../lib/certificates.mjs';
import { failure, Hub, unique } from '../lib/hub.mjs';
import { derive, register, send, serviceClient, withCertificate, withKey } from '../lib/provisioning.mjs';

const hub = Hub.running();
const service = serviceClient(hub);

for (const [name, Transport] of [['Mqtt', mqtt.Mqtt], ['MqttWs', mqtt.MqttWs]]) {
  test(`a key of its own and a derived one over ${name}`, async () => {
    const [own, group, member] = [unique('e'), unique('g'), unique('d')];
    const { responseBody: individual } = await service.createOrUpdateIndividualEnrollment({ registrationId: own, attestation: { type: 'symmetricKey' } });
    const { responseBody: made } = await service.createOrUpdateEnrollmentGroup({ enrollmentGroupId: group, attestation: { type: 'symmetricKey' } });
    const derived = derive(made.attestation.symmetricKey.primaryKey, member);
    const results = await Promise.all([
      register(hub, withKey(own, individual.attestation.symmetricKey.primaryKey), new Transport(), { any: 'thing' }),
      register(hub, withKey(member, derived), new Transport()),
    ]);
    assert.deepEqual(results.map(result => [result.deviceId, result.assignedHub, result.status]), [[own, hub.host, 'assigned'], [member, hub.host, 'assigned']]);
    await Promise.all([send(hub, results[0], individual.attestation.symmetricKey.primaryKey), send(hub, results[1], derived)]);
    assert.ok(await failure(register(hub, withKey(unique('d'), derived), new Transport())));
  });

  test(`a certificate of its own and a chain of two intermediates over ${name}`, async () => {
    const [own, group, member] = [unique('e'), unique('g'), unique('d')];
    const certificate = make(own);
    const root = make(unique('root'), { isAuthority: true });
    const upper = make(unique('upper'), { issuer: root, isAuthority: true });
    const lower = make(unique('lower'), { issuer: upper, isAuthority: true });
    const leaf = make(member, { issuer: lower });
    await service.createOrUpdateIndividualEnrollment({ registrationId: own, attestation: { type: 'x509', x509: { clientCertificates: { primary: { certificate: certificate.cert } } } } });
    await service.createOrUpdateEnrollmentGroup({ enrollmentGroupId: group, attestation: { type: 'x509', x509: { signingCertificates: { primary: { certificate: root.cert } } } } });
    const results = await Promise.all([register(hub, withCertificate(own, certificate), new Transport()), register(hub, withCertificate(member, leaf, [lower, upper]), new Transport())]);
    assert.deepEqual(results.map(result => result.deviceId), [own, member]);
    await Promise.all([send(hub, results[0], undefined, certificate), send(hub, results[1], undefined, leaf, [lower, upper])]);
  });
}
