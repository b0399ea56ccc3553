using System.Text;
using System.Text.Json.Nodes;
using Gatehouse.Provisioning;
using Gatehouse.Provisioning.DeviceDoor.Amqp;
using Gatehouse.Provisioning.Enrollments;
using Gatehouse.Provisioning.Enrollments.Conditions;
using Gatehouse.Provisioning.MeasuredBoot;
using Gatehouse.Provisioning.ServiceDoor;
using Gatehouse.Wire.Amqp;
using Gatehouse.Wire.Mqtt;
using Xunit;

namespace Gatehouse.Fuzz;

public sealed class ProvisioningFuzz
{
    private static readonly byte[][] Topics =
    [
        .. new[]
        {
            "$dps/registrations/PUT/iotdps-register/?$rid=1",
            "$dps/registrations/GET/iotdps-get-operationstatus/?$rid=a-b&operationId=4.d0a671905ea5b2c8.42d78160-4c78-479e-8be7-61d5e55dac0d",
            "$dps/registrations/POST/iotdps-get-registration/?rid=1",
            "0ne00012345/registrations/dev-1/api-version=2019-03-31&ClientVersion=x%2F1",
        }.Select(Encoding.UTF8.GetBytes),
    ];

    private static readonly byte[][] Documents =
    [
        .. new[]
        {
            """{"registrationId":"d1","attestation":{"type":"symmetricKey","symmetricKey":{"primaryKey":"AAAAAAAAAAAAAAAAAAAAAA==","secondaryKey":""}},"initialTwin":{"tags":{"a":1}},"iotHubs":["h"]}""",
            """{"registrationId":"d1","attestation":{"type":"x509","x509":{"clientCertificates":{"primary":{"certificate":"MIIB","info":{"version":3,"sha256Thumbprint":"00"}},"secondary":null}}}}""",
            """{"enrollmentGroupId":"g1","attestation":{"type":"x509","x509":{"signingCertificates":{"primary":{"certificate":"-----BEGIN CERTIFICATE-----\nMAAA\n-----END CERTIFICATE-----"}}}}}""",
            """{"registrationId":"d1","attestation":{"type":"tpm","tpm":{"endorsementKey":"AAEA","storageRootKey":null}},"payload":{"a":[1,2]},"csr":"AA=="}""",
            """{"registrationId":"d1","tpm":{"endorsementKey":"AAEA","attestationKey":"AA==","quote":{"credential":"AA==","quoted":"/1RD","signature":"AA==","pcrValues":{"0":"00"}}},"attestation":{"type":"tpm","tpm":{"endorsementKey":"AAEA"}},"measuredBootPolicy":{"hashAlgorithm":"sha256","pcrs":[0,7],"values":{"0":"00","7":"ff"},"learned":true,"reattestEverySeconds":60}}""",
        }.Select(Encoding.UTF8.GetBytes),
    ];

    [Fact]
    public void Topics_and_user_names_are_read_or_refused_and_a_reply_is_always_one_topic() => FuzzRun.Run(
        Topics,
        static input =>
        {
            var text = Encoding.UTF8.GetString(input);
            if (RegistrationTopic.TryParse(text, out var topic))
            {
                var reply = topic.Reply(202, 3);
                Assert.Equal(2, reply.Count(character => character == '$'));
                Assert.False(reply.Contains('#'), reply);
                Assert.False(reply.Contains('+'), reply);
                Assert.Equal(5, reply.Split('/').Length);
            }

            if (RegistrationUserName.TryParse(text, out var name))
            {
                Assert.False(name.RegistrationId.Contains('/'), name.RegistrationId);
            }
        },
        new FuzzOptions { Words = [.. new[] { "$rid=", "&", "operationId=", "/", "?", "$", "#" }.Select(Encoding.UTF8.GetBytes)] });

    [Fact]
    public void Queries_are_understood_or_not_and_conditions_always_answer() => FuzzRun.Run(
        [.. new[]
        {
            "SELECT * FROM enrollments WHERE provisioningStatus = 'disabled'",
            "select * from enrollmentGroups where not (a.b >= -1.5e3 or c != true) and d <> 'it''s' and e = null",
        }.Select(Encoding.UTF8.GetBytes)],
        static input =>
        {
            if (ConditionParser.TryParse(Encoding.UTF8.GetString(input), out _, out var condition))
            {
                _ = condition?.Judge(new JsonObject { ["provisioningStatus"] = "disabled", ["a"] = new JsonObject { ["b"] = 1 }, ["c"] = true, ["e"] = null });
            }
        },
        // A token may be one character, and is a string and a place in a list.
        new FuzzOptions { AllocationBytesPerByte = 128, Words = [.. new[] { " AND ", " OR ", "NOT ", "(", ")", "'", "''", "=", "<>", "null", "a.b" }.Select(Encoding.UTF8.GetBytes)] });

    [Fact]
    public void Enrollments_and_registrations_are_read_or_refused()
    {
        var rules = new AttestationRules(new ProvisioningOptions());
        FuzzRun.Run(
            Documents,
            input =>
            {
                _ = JsonBody.Parse(input, ProvisioningJson.Types.RegistrationBody);
                _ = JsonBody.Parse(input, ProvisioningJson.Types.AllocationAnswer);
                _ = JsonBody.Parse(input, ProvisioningJson.Types.CaCertificateBody);
                var parsed = JsonBody.Parse(input, ProvisioningJson.Types.EnrollmentDocument);
                if (parsed is not { IsOk: true, Value: { } document })
                {
                    return;
                }

                foreach (var kind in new[] { EnrollmentKind.Individual, EnrollmentKind.Group })
                {
                    var empty = new EnrollmentInput { Key = new EnrollmentKey(kind, "d"), Name = "d", Type = AttestationType.SymmetricKey, IsDisabled = false, Settings = document };
                    var read = rules.Read(empty, document.Attestation);
                    Assert.True(read.IsOk ? read.Value.PrimaryKey is null or { Length: >= 16 and <= 64 } : read.Error.HttpStatus == 400);
                    if (read.IsOk && document.MeasuredBootPolicy is { } policy)
                    {
                        var measured = MeasuredBootRules.Read(read.Value, policy);
                        Assert.True(measured.IsOk ? measured.Value.Proof.MeasuredBoot is { Selection: not 0, Bank: not null } : measured.Error.HttpStatus == 400);
                    }
                }
            },
            new FuzzOptions { Words = [.. new[] { "\"attestation\":", "\"x509\":", "null", "{}", "[]", "\"type\":\"tpm\"", "AAEA" }.Select(Encoding.UTF8.GetBytes)] });
    }

    [Fact]
    public void Requests_over_AMQP_and_the_first_step_of_a_TPM_are_read_or_refused() => FuzzRun.Run(
        [AmqpRequest(), [.. "0ne00012345\0dev-1\0"u8, 1, 0x3A, 0, 1, 0, 0x0B]],
        static input =>
        {
            if (RegistrationRequest.Read(input) is { IsOk: true, Value: { } request })
            {
                Assert.True(request.CorrelationId.Length <= 256 && request.OperationId.Length <= 256 && request.Body.Length <= input.Length);
            }

            if (TpmExchange.TryReadInit(input, out var target, out var key))
            {
                Assert.True(target.IdScope.Length == 11 && key.Length <= input.Length);
            }
        },
        new FuzzOptions { AllocationBytesPerByte = 128, Words = [.. new[] { "iotdps-operation-type", "iotdps-register", "iotdps-operation-id", "\0" }.Select(Encoding.UTF8.GetBytes)] });

    private static byte[] AmqpRequest()
    {
        var buffer = new AmqpBuffer();
        var writer = new AmqpWriter(buffer);
        writer.Descriptor(Descriptors.Properties);
        writer.Object(new List<object?> { null, null, null, null, null, "c-1" });
        writer.Descriptor(Descriptors.ApplicationProperties);
        var map = new AmqpMap();
        map.Add("iotdps-operation-type", "iotdps-get-operationstatus");
        map.Add("iotdps-operation-id", "4.0.0");
        writer.Object(map);
        writer.Descriptor(Descriptors.Data);
        writer.Binary("{}"u8);
        return buffer.Written.ToArray();
    }
}
