using System.Text;
using Gatehouse.Contracts.Access;
using Gatehouse.Contracts.Errors;
using Gatehouse.Wire.Amqp;

namespace Gatehouse.Provisioning.DeviceDoor.Amqp;

/// <summary>A request over AMQP: what is asked for is in the application properties, the rest in the body.</summary>
/// <param name="Row">What it asks for.</param>
/// <param name="OperationId">Of a poll.</param>
/// <param name="CorrelationId">Encoded, to come back with the type that it came with; empty when there was none.</param>
/// <param name="Body">Empty for none; of a poll it says nothing.</param>
internal sealed record RegistrationRequest(Operation Row, string OperationId, byte[] CorrelationId, byte[] Body)
{
    private const int MaxCorrelationBytes = 256;
    private const int MaxTextBytes = 256;

    /// <summary>BadRequest, ArgumentInvalid.</summary>
    internal static Result<RegistrationRequest> Read(ReadOnlySpan<byte> message)
    {
        var (operation, operationId) = ("", "");
        byte[] correlation = [];
        var body = new MemoryStream();
        var sections = new MessageReader(message);
        while (sections.Read())
        {
            var isRead = sections.Section switch
            {
                Descriptors.Properties => TryReadCorrelation(sections.Value, out correlation),
                Descriptors.ApplicationProperties => TryReadProperties(sections.Value, ref operation, ref operationId),
                Descriptors.Data => MessageBody.TryReadData(sections.Value, out var data) && Append(body, data),
                Descriptors.AmqpValue => MessageBody.TryReadValue(sections.Value, out var value) && Append(body, value),
                Descriptors.AmqpSequence => false,
                _ => true,
            };
            if (!isRead)
            {
                return Unreadable();
            }
        }

        return sections.Fault != AmqpFault.None ? Unreadable()
            : RowOf(operation) is { } row ? new RegistrationRequest(row, operationId, correlation, body.ToArray())
            : ProvisioningErrors.ArgumentInvalid.With("The application property iotdps-operation-type must be iotdps-register, iotdps-get-operationstatus or iotdps-get-registration.");
    }

    private static Operation? RowOf(string operation) => operation switch
    {
        "iotdps-register" => Operations.RegisterDevice,
        "iotdps-get-operationstatus" => Operations.GetOperationStatus,
        "iotdps-get-registration" => Operations.GetDeviceRegistration,
        _ => null,
    };

    private static bool TryReadCorrelation(ReadOnlySpan<byte> section, out byte[] correlation)
    {
        var isRead = PropertiesReader.TryRead(section, out var properties, out _) && properties.CorrelationId.Raw.Length <= MaxCorrelationBytes;
        correlation = isRead ? properties.CorrelationId.Raw.ToArray() : [];
        return isRead;
    }

    private static bool TryReadProperties(ReadOnlySpan<byte> section, ref string operation, ref string operationId)
    {
        var pairs = new MapReader(section);
        while (pairs.Read())
        {
            var isOperation = pairs.Key.SequenceEqual("iotdps-operation-type"u8);
            if (pairs.IsNull || (!isOperation && !pairs.Key.SequenceEqual("iotdps-operation-id"u8)))
            {
                continue;
            }

            if (!pairs.TryGetString(out var text) || text.Length > MaxTextBytes)
            {
                return false;
            }

            (operation, operationId) = isOperation ? (Encoding.UTF8.GetString(text), operationId) : (operation, Encoding.UTF8.GetString(text));
        }

        return pairs.Fault == AmqpFault.None;
    }

    private static bool Append(MemoryStream body, ReadOnlySpan<byte> bytes)
    {
        body.Write(bytes);
        return true;
    }

    private static HubError Unreadable() => ProvisioningErrors.BadRequest.With("The request cannot be read.");
}
