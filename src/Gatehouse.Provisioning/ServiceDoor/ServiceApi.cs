using Gatehouse.Contracts.Errors;
using Gatehouse.Provisioning.Limits;
using Microsoft.AspNetCore.Http;

namespace Gatehouse.Provisioning.ServiceDoor;

/// <summary>The service API: enrollments, enrollment groups, registration states, CA certificates, linked hubs, policies, the service itself, credential policies and issued certificates over HTTPS.</summary>
/// <remarks>Source: dps §7 of the wire reference. It shares host names with the hub; its first segments are its own.</remarks>
internal sealed class ServiceApi(IEnumerable<ServiceOperation> operations, ServiceGate gate, RateLimits limits, ProvisioningOptions options)
{
    private static readonly string[] Roots = ["enrollments", "enrollmentGroups", "registrations", "rotations", "rotationRules", "certificates", "iotHubs", "credentialPolicies", "credentialUses", "issuedCertificates", "certificateInventory", "certificateForecast", "certificateAlarms", "authorizationPolicies", "provisioningService"];

    private readonly ServiceOperation[] all = [.. operations];

    internal static bool Owns(IReadOnlyList<string> path) => path.Count > 0 && Roots.Contains(path[0], StringComparer.OrdinalIgnoreCase);

    /// <summary>The operation for the path and the method; null with the methods that the path has.</summary>
    internal ServiceOperation? Find(string method, IReadOnlyList<string> path, out IReadOnlyList<string> methods)
    {
        var there = Array.FindAll(all, each => each.Matches(path));
        methods = [.. there.Select(each => each.Method).Distinct()];
        return Array.Find(there, each => each.Method == method);
    }

    internal async Task<HubError?> RunAsync(HttpContext http, ServiceOperation operation, string path, IReadOnlyList<string> segments)
    {
        var passed = await gate.PassAsync(http, path, operation.Row);
        if (!passed.IsOk)
        {
            return passed.Error;
        }

        if (limits.TakeCall(passed.Value.Hub) is { } tooMany)
        {
            return tooMany;
        }

        // Any value will do: clients of every age speak the same shapes here.
        if (string.IsNullOrEmpty(http.Request.Query["api-version"]))
        {
            return ProvisioningErrors.ArgumentInvalid.With("The api-version query parameter is missing.");
        }

        var answer = await operation.RunAsync(new ServiceRequest(http, passed.Value, operation.IdOf(segments), options), http.RequestAborted);
        if (answer.Error is null)
        {
            await answer.WriteAsync(http);
        }

        return answer.Error;
    }
}
