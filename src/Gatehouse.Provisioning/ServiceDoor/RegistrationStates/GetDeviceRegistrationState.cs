using Gatehouse.Contracts.Access;

namespace Gatehouse.Provisioning.ServiceDoor.RegistrationStates;

/// <summary><c>GET /registrations/{registrationId}</c></summary>
internal sealed class GetDeviceRegistrationState(Registrations.RegistrationStates states) : ServiceOperation(Operations.GetDeviceRegistrationState, "GET", "registrations/{id}")
{
    internal override async Task<ServiceAnswer> RunAsync(ServiceRequest request, CancellationToken cancellationToken)
    {
        var found = await states.GetAsync(request.Service, request.Id, cancellationToken);
        return found.IsOk ? ServiceAnswer.Json(found.Value, ProvisioningJson.Own.RegistrationDocument, found.Value.Etag) : found.Error;
    }
}
