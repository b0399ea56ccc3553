using Gatehouse.Contracts.Access;

namespace Gatehouse.Provisioning.ServiceDoor.RegistrationStates;

/// <summary><c>DELETE /registrations/{registrationId}</c>: the next registration counts as the first.</summary>
internal sealed class DeleteDeviceRegistrationState(Registrations.RegistrationStates states) : ServiceOperation(Operations.DeleteDeviceRegistrationState, "DELETE", "registrations/{id}")
{
    internal override async Task<ServiceAnswer> RunAsync(ServiceRequest request, CancellationToken cancellationToken)
    {
        var ifMatch = request.IfMatch();
        if (!ifMatch.IsOk)
        {
            return ifMatch.Error;
        }

        var deleted = await states.DeleteAsync(request.Service, request.Actor, request.Id, ifMatch.Value, cancellationToken);
        return deleted.IsOk ? ServiceAnswer.NoContent : deleted.Error;
    }
}
