using Gatehouse.Contracts.Access;
using Gatehouse.Provisioning.MeasuredBoot;

namespace Gatehouse.Provisioning.ServiceDoor.RegistrationStates;

/// <summary><c>POST /registrations/{registrationId}/requestAttestation</c> with or without <c>{"withinSeconds":300}</c>: the device must quote its registers anew. Not of the service.</summary>
internal sealed class RequestAttestation(BootStates boots) : ServiceOperation(Operations.RequestAttestation, "POST", "registrations/{id}/requestAttestation")
{
    internal override async Task<ServiceAnswer> RunAsync(ServiceRequest request, CancellationToken cancellationToken)
    {
        var body = await request.ReadOptionalAsync(ProvisioningJson.Types.AttestationRequestBody, cancellationToken);
        if (!body.IsOk)
        {
            return body.Error;
        }

        var requested = await boots.RequestAsync(request.Service, request.Actor, request.Id, body.Value?.WithinSeconds, cancellationToken);
        return requested.IsOk ? ServiceAnswer.Json(requested.Value, ProvisioningJson.Own.RegistrationDocument, requested.Value.Etag) : requested.Error;
    }
}
