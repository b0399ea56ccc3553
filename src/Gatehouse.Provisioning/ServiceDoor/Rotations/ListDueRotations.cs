using System.Globalization;
using Gatehouse.Contracts.Access;
using Gatehouse.Contracts.Errors;
using Gatehouse.Store.Rotation;

namespace Gatehouse.Provisioning.ServiceDoor.Rotations;

/// <summary><c>GET /rotationRules/{kind}/due?max=100</c>: what will be rotated next, the oldest first.</summary>
internal sealed class ListDueRotations(IRotationRules rules) : ServiceOperation(Operations.ManageProvisioningRotations, "GET", "rotationRules/{id}/due")
{
    private const int DefaultMax = 100;

    internal override async Task<ServiceAnswer> RunAsync(ServiceRequest request, CancellationToken cancellationToken)
    {
        if (!RotationRights.MaySeeRule(request, request.Id))
        {
            return ProvisioningErrors.Unauthorized;
        }

        var max = DefaultMax;
        if (request.Query("max") is { } text && !int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out max))
        {
            return ProvisioningErrors.ArgumentInvalid.With("max must be a whole number.");
        }

        var due = await rules.ListDueAsync(request.Service, request.Id, max, cancellationToken);
        return due.IsOk ? ServiceAnswer.Json(new DueList(due.Value), ProvisioningJson.Own.DueList) : due.Error;
    }
}

internal sealed record DueList(IReadOnlyList<DueView> Value);
