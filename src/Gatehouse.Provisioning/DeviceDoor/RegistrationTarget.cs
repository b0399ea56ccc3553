using Gatehouse.Contracts.Access;

namespace Gatehouse.Provisioning.DeviceDoor;

/// <summary>A request of a device to its provisioning service, as its path and method say it.</summary>
/// <param name="IdScope">As sent.</param>
/// <param name="RegistrationId">As sent.</param>
/// <param name="Row">What it asks for.</param>
/// <param name="OperationId">Of a poll.</param>
internal sealed record RegistrationTarget(string IdScope, string RegistrationId, Operation Row, string OperationId = "")
{
    /// <summary>Whether a path is of this door: <c>{idScope}/registrations/{registrationId}…</c>. Hubs have no such paths.</summary>
    internal static bool Owns(IReadOnlyList<string> path) =>
        path.Count >= 3 && path[1].Equals("registrations", StringComparison.OrdinalIgnoreCase) && Instances.IdScope.Is(path[0]);

    /// <summary>Null with the method that the path has; null and null when there is nothing at the path.</summary>
    internal static RegistrationTarget? Read(string method, IReadOnlyList<string> path, out string? allowed)
    {
        var (wanted, row, operation) = path.Count switch
        {
            3 => ("POST", Operations.GetDeviceRegistration, ""),
            4 when Is(path[3], "register") => ("PUT", Operations.RegisterDevice, ""),
            5 when Is(path[3], "operations") => ("GET", Operations.GetOperationStatus, path[4]),
            _ => (null, null!, ""),
        };
        allowed = wanted;
        return wanted is not null && wanted == method ? new RegistrationTarget(path[0], path[2], row, operation) : null;
    }

    private static bool Is(string segment, string word) => segment.Equals(word, StringComparison.OrdinalIgnoreCase);
}
