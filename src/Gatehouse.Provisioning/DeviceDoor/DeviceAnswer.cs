using System.Text.Json;
using Gatehouse.Provisioning.Registrations;
using Gatehouse.Provisioning.ServiceDoor;
using Microsoft.AspNetCore.Http;

namespace Gatehouse.Provisioning.DeviceDoor;

/// <summary>What a device is told: of an operation, or of its registration.</summary>
internal sealed record DeviceAnswer(OperationDocument? Operation, RegistrationDocument? Registration)
{
    /// <summary>202 while it is to ask again, else 200.</summary>
    internal bool IsPending => Operation?.Status == RegistrationWords.Of(RegistrationStatus.Assigning);

    internal int Status => IsPending ? StatusCodes.Status202Accepted : StatusCodes.Status200OK;

    internal byte[] Encode() => Operation is { } operation
        ? JsonSerializer.SerializeToUtf8Bytes(operation, ProvisioningJson.Types.OperationDocument)
        : JsonSerializer.SerializeToUtf8Bytes(Registration!, ProvisioningJson.Types.RegistrationDocument);
}
