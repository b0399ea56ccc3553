using Gatehouse.Contracts.Access;

namespace Gatehouse.Provisioning.ServiceDoor;

/// <summary>One operation of the service API: where it lives, the row that says who may use it, and what it does. One class, one file for each kind of enrollment.</summary>
internal abstract class ServiceOperation(Operation row, string method, string template)
{
    private readonly string[] segments = template.Split('/');

    internal Operation Row { get; } = row;

    internal string Method { get; } = method;

    /// <summary>Segments; <c>{id}</c> takes one as it is. Fixed ones match in any case.</summary>
    internal string Template { get; } = template;

    internal bool Matches(IReadOnlyList<string> path)
    {
        if (path.Count != segments.Length)
        {
            return false;
        }

        for (var i = 0; i < segments.Length; i++)
        {
            if (segments[i] == "{id}" ? path[i].Length == 0 : !segments[i].Equals(path[i], StringComparison.OrdinalIgnoreCase))
            {
                return false;
            }
        }

        return true;
    }

    internal string? IdOf(IReadOnlyList<string> path)
    {
        var index = Array.IndexOf(segments, "{id}");
        return index < 0 ? null : path[index];
    }

    internal abstract Task<ServiceAnswer> RunAsync(ServiceRequest request, CancellationToken cancellationToken);
}
